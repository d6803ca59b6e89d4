"""`manage.py read_archive`: look into archive files, and bring their events back."""

from argparse import ArgumentParser

import orjson
from django.core.management.base import BaseCommand, CommandError

from opinion_market.eventstore import archive_files, archiving
from opinion_market.eventstore.errors import ArchiveDamaged
from opinion_market.eventstore.models import Archive
from opinion_market.kernel.clock import now, text


class Command(BaseCommand):
    help = (
        "List the archive files; with a file's SHA-256 (or its beginning) print its events, or make rows of them again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sha256", nargs="?", default="", help="The file's name up to the dot, or its beginning.")
        parser.add_argument("--stream", help="Only events of this stream.")
        parser.add_argument("--restore", action="store_true", help="Put the file's events back into the database.")

    def handle(self, *, sha256: str, stream: str | None, restore: bool, **options: object) -> None:
        found = Archive.objects.filter(sha256__startswith=sha256).order_by("pk").select_related("seal")
        if not sha256:
            for each in found:
                state = "restored" if each.restored_at else f"{each.size_bytes:,} bytes"
                self.stdout.write(f"{each.sha256}  seal {each.seal_id}  {each.events:,} events  {state}")
            return
        archive = found.last()
        if archive is None or found.values("sha256").distinct().count() > 1:
            raise CommandError(f"{'No' if archive is None else 'More than one'} archive file begins with {sha256}.")
        try:
            if restore:
                restored = archiving.restore(archive=archive, now=now())
                self.stdout.write(self.style.SUCCESS(f"{restored:,} events are in the database again."))
                return
            for row in archive_files.read(archive.sha256):
                if stream is None or row.stream == stream:
                    self.stdout.write(_line(row))
        except ArchiveDamaged as error:
            raise CommandError(str(error)) from error


def _line(row: archive_files.EventRow) -> str:
    return orjson.dumps(
        {
            "position": row.position,
            "stream": row.stream,
            "version": row.version,
            "type": row.type,
            "recorded_at": text(row.recorded_at),
            "data": orjson.Fragment(row.data),
            "metadata": orjson.Fragment(row.metadata),
            "hash": row.hash.hex(),
        }
    ).decode()

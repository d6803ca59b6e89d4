"""`manage.py archive_events`: move old events into compressed files."""

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from opinion_market.eventstore import archiving
from opinion_market.eventstore.errors import ArchiveDamaged
from opinion_market.kernel.clock import now


class Command(BaseCommand):
    help = "Archive sealed events of more than a year ago. Safe to interrupt and to repeat; the platform does it daily."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", type=int, default=archiving.RETAINED.days, metavar="DAYS", help="Default: %(default)s days."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would leave.")

    def handle(self, *, older_than: int, dry_run: bool, **options: object) -> None:
        if older_than < 0:
            raise CommandError("--older-than takes a number of days from 0.")
        at = now()
        before = at - timedelta(days=older_than)
        found = list(archiving.candidates(before=before))
        total = sum(each.events for each in found)
        if dry_run:
            for each in found:
                self.stdout.write(
                    f"Seal {each.seal.number} of {each.seal.sealed_at:%Y-%m-%d %H:%M}: {each.events:,} events"
                )
            self.stdout.write(f"{total:,} events under {len(found):,} seals would leave.")
            return
        bar = Progress(
            TextColumn("Archiving events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        try:
            with bar:
                task = bar.add_task("events", total=total)
                made = archiving.archive_events(
                    before=before, now=at, progress=lambda events: bar.update(task, completed=events)
                )
        except (OSError, ArchiveDamaged) as error:
            raise CommandError(f"{error} What earlier files hold has left; nothing else has.") from error
        events = sum(archive.events for archive in made)
        self.stdout.write(self.style.SUCCESS(f"{events:,} events left for {len(made):,} files."))

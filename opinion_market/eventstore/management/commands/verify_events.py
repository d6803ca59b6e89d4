"""`manage.py verify_events`: recompute the hash chains and the seals, and name the first broken link of each kind."""

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from opinion_market.eventstore import selectors, verify
from opinion_market.eventstore.breaks import Break, BreakKind


class Command(BaseCommand):
    help = "Recompute the hash chains of the event store, archive files and seals included; exit code 1 when a link is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stream", help="Only this stream.")
        parser.add_argument("--since", type=int, metavar="POSITION", help="Only events from this global position on.")

    def handle(self, *, stream: str | None, since: int | None, **options: object) -> None:
        total = selectors.estimated_events() if stream is None and since is None else None
        bar = Progress(
            TextColumn("Verifying events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        with bar:
            task = bar.add_task("events", total=total or None)
            result = verify.verify_events(
                stream=stream, since=since, progress=lambda events: bar.update(task, completed=events)
            )
        beside = f" with {result.seals:,} seals" if stream is None and since is None else ""
        beside += f" and {result.archives:,} archive files" if result.archives else ""
        self.stdout.write(f"{result.events:,} events in {result.streams:,} streams verified{beside}.")
        if result.intact:
            self.stdout.write(self.style.SUCCESS("Every chain is intact."))
            return
        for kind, found in result.first.items():
            self.stdout.write(
                self.style.ERROR(f"{kind}: {result.counts[kind]:,}; the first is {_place(found)}: {found.explanation}.")
            )
        sys.exit(1)


def _place(found: Break) -> str:
    if found.kind is BreakKind.ARCHIVE_DAMAGED:
        return f"file {found.stream}"
    if found.stream == "seal":
        return f"seal {found.version}"
    where = f"position {found.position}" if found.position is not None else "not in the store"
    return f"{found.stream} version {found.version} ({where})"

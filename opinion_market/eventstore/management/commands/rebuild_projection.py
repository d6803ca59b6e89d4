"""`manage.py rebuild_projection NAME`: compute a projection again from nothing."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from opinion_market.eventstore import projections, rebuilds, selectors
from opinion_market.eventstore.errors import UnknownProjection
from opinion_market.eventstore.subscriptions import Outcome
from opinion_market.kernel.clock import now


class Command(BaseCommand):
    help = (
        "Compute a projection again from all events, beside the one in use, and put it in its place. Safe to interrupt: the "
        "platform continues it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="One of: " + ", ".join(each.name for each in projections.registered()))

        parser.add_argument("--in-place", action="store_true", help="Empty the one in use first.")

    def handle(self, *, name: str, in_place: bool, **options: object) -> None:
        try:
            projection = projections.named(name)
        except UnknownProjection as error:
            known = ", ".join(each.name for each in projections.registered())
            raise CommandError(f"No projection is named {name}. There are: {known}.") from error
        bar = Progress(
            TextColumn("Replaying events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        with bar:
            task = bar.add_task("events", total=selectors.estimated_events() or None)
            work = rebuilds.rebuild if projection.tables and not in_place else projections.rebuild
            outcome = work(projection, clock=now, progress=lambda handled: bar.update(task, completed=handled))
        if outcome is not Outcome.UP_TO_DATE:
            raise CommandError(f"The projection's handler {outcome.value}; its checkpoint holds the error.")
        self.stdout.write(self.style.SUCCESS(f"{name} is rebuilt."))

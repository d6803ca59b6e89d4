"""`manage.py audit_exchange [--market ID] [--replay]`: do the invariants hold on the live tables?"""

import shutil
import sys
from argparse import ArgumentParser
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from markets.audit import report
from markets.audit.checks import run_all
from markets.audit.replay import replay_markets
from markets.audit.result import CheckResult
from markets.lifecycle.models import Market
from opinion_market.kernel.clock import now


class Command(BaseCommand):
    help = "Check the exchange's invariants on the live tables; exit code 1 when one is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--market", type=UUID, metavar="ID", help="Only this market and its organization's ledger.")
        parser.add_argument(
            "--replay",
            action="store_true",
            help="Also rebuild each market from its events and compare it with the tables.",
        )

    def handle(self, *, market: UUID | None, replay: bool, **options: object) -> None:
        if market is not None and not Market.objects.filter(pk=market).exists():
            raise CommandError(f"There is no market {market}.")
        market_ids = None if market is None else [market]
        results = run_all(market_ids=market_ids)
        if replay:
            results += self._replayed(market_ids)
        self.stdout.write(report.text(results, width=shutil.get_terminal_size((140, 24)).columns))
        style = self.style.SUCCESS if all(result.passed for result in results) else self.style.ERROR
        self.stdout.write(style(report.summary(results)))
        if not all(result.passed for result in results):
            sys.exit(1)

    def _replayed(self, market_ids: list[UUID] | None) -> list[CheckResult]:
        bar = Progress(
            TextColumn("Replaying markets"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        with bar:
            task = bar.add_task("markets", total=None)
            return replay_markets(
                now=now(),
                market_ids=market_ids,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )

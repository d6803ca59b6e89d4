"""`manage.py replay_trades FILE`: a real market's recorded trades, carried out again on this exchange."""

import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from markets.simulation import recorded_trades, replay_report
from markets.simulation.replay import TOLERANCE, Plan, Scene, replay
from opinion_market.kernel.clock import now
from opinion_market.kernel.errors import DomainError


class Command(BaseCommand):
    help = "Replay recorded LMSR trades (CSV, may be gzip) through real commands. Safe to interrupt and to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV of trades; docs/replay.md lists the columns.")
        parser.add_argument(
            "--outcomes", type=Path, help="CSV of outcomes; default: FILE's name with outcomes for trades, if there."
        )
        parser.add_argument("--project", default="RPP", help="Which project's trades to take (default RPP).")
        parser.add_argument("--liquidity", type=int, default=100, help="The recorded b, in contracts (default 100).")
        parser.add_argument("--scale", type=int, default=1_000, help="Contracts per recorded contract (default 1000).")
        parser.add_argument("--markets", action="store_true", help="Also print a line per market.")

    def handle(
        self,
        *,
        file: Path,
        outcomes: Path | None,
        project: str,
        liquidity: int,
        scale: int,
        markets: bool,
        **options: object,
    ) -> None:
        try:
            plan = self._plan(file, outcomes, project, liquidity, scale)
            scene = self._replay(plan)
        except DomainError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            self.stderr.write("Interrupted; the same command continues where it stopped.")
            sys.exit(130)
        made = replay_report.report(plan, scene, now=now())
        width = shutil.get_terminal_size((120, 24)).columns
        self.stdout.write(replay_report.text(made, scale=scale, width=width, per_market=markets))
        if not plan.outcomes:
            self.stdout.write("No outcomes were given, so the markets stay open.")
        if not made.invariants_hold:
            raise CommandError("An invariant does not hold; `manage.py audit_exchange --replay` shows which.")
        if made.total.curve > TOLERANCE:
            raise CommandError(f"A price differs from the record by more than {TOLERANCE:g}: choose a larger --scale.")

    def _plan(self, file: Path, outcomes: Path | None, project: str, liquidity: int, scale: int) -> Plan:
        recording = recorded_trades.read_trades(file, project=project)
        beside = file.with_name(file.name.replace("trades", "outcomes"))
        if outcomes is None and beside != file and beside.exists():
            outcomes = beside
        known = recorded_trades.read_outcomes(outcomes, project=project) if outcomes is not None else {}
        return Plan(recording, known, liquidity=liquidity, scale=scale)

    def _replay(self, plan: Plan) -> Scene:
        bar = Progress(
            TextColumn("Replaying trades"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        with bar:
            task = bar.add_task("trades", total=len(plan.recording.trades))
            return replay(plan, clock=now, progress=lambda done: bar.update(task, completed=done))

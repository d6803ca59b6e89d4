"""What a replay came to: prices compared with the record, trade by trade, and the invariants."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Sum
from rich.console import Console
from rich.table import Table

from markets.audit.checks import run_all
from markets.audit.replay import replay_markets
from markets.audit.result import CheckResult
from markets.engine.apply import apply
from markets.engine.state import MarketState
from markets.engine.units import SET_UNITS
from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market
from markets.simulation.recorded_trades import RecordedTrade
from markets.simulation.replay import REPLICATES, Plan, Scene
from markets.trading.memory import stream_of
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.money import credits_text


@dataclass(slots=True)
class Comparison:
    """Trades compared with their record, and the worst differences.

    curve: between the recorded price and the engine's curve before it is rounded to units. quoted: and the whole units the
    platform shows. skipped: trades of less than half a contract at this scale.
    """

    trades: int = 0
    skipped: int = 0
    curve: float = 0.0
    quoted: float = 0.0
    volume_contracts: int = 0
    volume_units: int = 0

    def add(self, other: "Comparison") -> None:
        """Take in another market's."""
        self.trades += other.trades
        self.skipped += other.skipped
        self.curve = max(self.curve, other.curve)
        self.quoted = max(self.quoted, other.quoted)
        self.volume_contracts += other.volume_contracts
        self.volume_units += other.volume_units


@dataclass(slots=True)
class ReplayReport:
    """The whole replay, market by market and in all."""

    total: Comparison = field(default_factory=Comparison)
    markets: dict[str, Comparison] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    payout_units: int = 0
    checks: list[CheckResult] = field(default_factory=list)

    @property
    def invariants_hold(self) -> bool:
        return all(check.passed for check in self.checks)


def report(plan: Plan, scene: Scene, *, now: datetime) -> ReplayReport:
    """Compare what the streams say with what was recorded, and audit the replay's organization."""
    made = ReplayReport()
    for finding, trades in plan.recording.findings.items():
        market = scene.markets[finding]
        made.markets[finding] = compare(market, trades, scale=plan.scale)
        made.statuses[finding] = market.get_status_display()
        made.total.add(made.markets[finding])
    paid = Posting.objects.filter(
        account__organization=scene.organization, account__kind=Account.Kind.ESCROW, reason=Posting.Reason.PAYOUT
    )
    made.payout_units = -(paid.aggregate(total=Sum("delta_units"))["total"] or 0)
    made.checks = run_all(organization_ids=[scene.organization.pk])
    made.checks += replay_markets(organization_ids=[scene.organization.pk], now=now)
    return made


def compare(market: Market, trades: Sequence[RecordedTrade], *, scale: int) -> Comparison:
    """Walk through the market's own events, and look at the engine's state after each recorded trade."""
    found = Comparison()
    state = MarketState(str(market.pk))
    recorded = {trade.transaction_id: trade for trade in trades}
    for event in read_stream(stream_of(str(market.pk))):
        apply(state, event.type, event.data, microseconds(event.recorded_at))
        if event.type != "OrderPlaced":
            continue
        trade = recorded.pop(event.data["order"]["client_order_id"])
        price = state.house_price(REPLICATES)
        if price is None:
            raise ValueError(f"Market {market.pk} has no house market maker.")
        found.trades += 1
        found.curve = max(found.curve, abs(price - trade.price))
        found.quoted = max(found.quoted, abs(state.last_prices[REPLICATES] / SET_UNITS - trade.price))
    found.skipped = len(recorded)
    found.volume_contracts, found.volume_units = state.volume_contracts, state.volume_units
    return found


def text(made: ReplayReport, *, scale: int, width: int, per_market: bool) -> str:
    """The report as plain text, `width` characters wide."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        if per_market:
            console.print(_markets(made, scale))
        console.print(_summary(made, scale))
    return captured.get()


def _markets(made: ReplayReport, scale: int) -> Table:
    table = Table("Finding", "Status", "Trades", "Worst price difference", "Volume (recorded contracts)")
    for column in table.columns[2:]:
        column.justify = "right"
    for finding, found in made.markets.items():
        contracts = f"{found.volume_contracts / scale:,.1f}"
        table.add_row(finding, made.statuses[finding], f"{found.trades:,}", f"{found.curve:.2e}", contracts)
    return table


def _summary(made: ReplayReport, scale: int) -> Table:
    total, broken = made.total, [check.name for check in made.checks if not check.passed]
    table = Table("Replay", "", show_header=False)
    table.add_row("Markets", f"{len(made.markets):,}")
    table.add_row(
        "Trades", f"{total.trades:,}" + (f" ({total.skipped:,} too small for this scale)" if total.skipped else "")
    )
    table.add_row("Worst price difference, curve to record", f"{total.curve:.2e}")
    table.add_row("Worst price difference, whole units to record", f"{total.quoted:.2e}")
    contracts = f"{total.volume_contracts:,} contracts ({total.volume_contracts / scale:,.1f} recorded ones)"
    table.add_row("Volume", f"{contracts} for {credits_text(total.volume_units)} credits")
    table.add_row("Payouts", f"{credits_text(made.payout_units)} credits")
    verdict = f"{len(made.checks)} checks, all hold" if not broken else f"BROKEN: {', '.join(broken)}"
    table.add_row("Invariants", verdict)
    return table

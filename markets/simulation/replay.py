"""Recorded trades of a real LMSR market, carried out once more as commands of this exchange.

One recorded contract becomes `scale` contracts, and the curve's b grows alike, so prices are unchanged and fractions of a
contract become whole numbers. Quantities come from the recorded cumulative position, so that rounding never adds up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from governance.identity.models import User
from governance.organizations.models import Organization
from markets.engine import lmsr
from markets.engine.orders import NewOrder
from markets.engine.units import MAX_PRICE, MAX_QUANTITY, SET_UNITS
from markets.ledger.selectors import trader_account
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.simulation import people
from markets.simulation.errors import UnusableRecord
from markets.simulation.recorded_trades import RecordedTrade, Recording
from markets.simulation.staff import Staff
from markets.trading.commands import PlaceOrder
from markets.trading.errors import DuplicateClientOrderId
from markets.trading.models import Order
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.ids import uuid7_text

REPLICATES, DOES_NOT = 0, 1
# To how much the recorded prices must be met.
TOLERANCE = 1e-4
# Orders per transaction: more would gain little, fewer would make an interruption lose less than it does already.
BATCH = 100
_STAFF = ("creator", "approver", "resolver", "confirmer")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay. liquidity: the recorded b, in recorded contracts; scale: contracts per recorded contract.

    outcomes: whether each finding replicated; empty leaves the markets open.
    """

    recording: Recording
    outcomes: Mapping[str, bool]
    liquidity: int = 100
    scale: int = 1_000

    @property
    def b(self) -> int:
        return self.liquidity * self.scale

    @property
    def slug(self) -> str:
        """Names the organization, so that the same trades at the same scale are found again and others never are."""
        return f"replay-{self.recording.project.lower()}-{self.scale}-{self.recording.digest[:8]}"

    def check(self) -> None:
        """Raises UnusableRecord for what would fail half-way, and where the record is not of such a market at all."""
        if not (self.liquidity > 0 and self.scale > 0 and self.b <= MAX_QUANTITY):
            raise UnusableRecord(f"b times the scale must be 1 to {MAX_QUANTITY:,} contracts, not {self.b:,}.")
        for finding, trades in self.recording.findings.items():
            if self.outcomes and finding not in self.outcomes:
                raise UnusableRecord(
                    f"The outcomes do not say whether finding {finding} (line {trades[0].line}) replicated."
                )
            for trade in trades:
                implied = lmsr.price([0.0, float(trade.net_shares)], self.liquidity, REPLICATES)
                if abs(implied - trade.price) > TOLERANCE:
                    raise UnusableRecord(
                        f"Line {trade.line}: with b = {self.liquidity} and {trade.net_shares} contracts sold the price is "
                        f"{implied:.4f}, but {trade.price:.4f} was recorded."
                    )


@dataclass(frozen=True, slots=True)
class Scene:
    """Everybody and everything that a replay needs, made or found again."""

    organization: Organization
    staff: Staff
    forecasters: Mapping[str, User]
    accounts: Mapping[str, int]
    markets: Mapping[str, Market]


def house_position(net_shares: Decimal, scale: int) -> int:
    """Contracts on "does not replicate" the house has sold net, at this scale. Half goes to even."""
    return int((net_shares * scale).to_integral_value(ROUND_HALF_EVEN))


def replay(
    plan: Plan, *, clock: Callable[[], datetime], progress: Callable[[int], None] = lambda trades: None
) -> Scene:
    """Carry the plan out, or what is left of it; to be repeated after an interruption at any moment.

    `progress` is told how many trades are done. Each batch is one transaction, and each order carries its transaction id
    as client_order_id, so that no trade happens twice. Raises UnusableRecord before anything is made.
    """
    plan.check()
    scene = set_scene(plan, clock=clock)
    done = 0
    for finding, trades in plan.recording.findings.items():
        market = scene.markets[finding]
        orders = _orders(plan, scene, trades) if market.status == Market.Status.OPEN else []
        for first in range(0, len(orders), BATCH):
            _place(market, orders[first : first + BATCH])
            progress(done + min(first + BATCH, len(trades)))
        done += len(trades)
        progress(done)
        if plan.outcomes:
            _settle(scene, market, replicated=plan.outcomes[finding], clock=clock)
    return scene


def set_scene(plan: Plan, *, clock: Callable[[], datetime]) -> Scene:
    """The organization, its staff and forecasters with their money, and an open market per finding."""
    slug, project = plan.slug, plan.recording.project
    organization = people.organization(slug=slug, name=f"Replay of {project} (1:{plan.scale:,})", now=clock())
    forecasters = sorted({trade.forecaster_id for trade in plan.recording.trades})
    roles = dict(zip((f"{slug}.{duty}" for duty in _STAFF), ("manager", "manager", "admin", "admin"), strict=True))
    names = {f"{slug}.{duty}": duty.capitalize() for duty in _STAFF} | {f"{slug}-{name}": name for name in forecasters}
    users = people.members(organization_id=organization.pk, people=names, roles=roles, now=clock())
    staff = Staff(*(users[f"{slug}.{duty}"] for duty in _STAFF))
    traders = {name: users[f"{slug}-{name}"] for name in forecasters}
    subsidy = len(plan.recording.findings) * lmsr.subsidy_units(plan.b, [SET_UNITS // 2] * 2)
    people.fund(
        actor=staff.approver,
        organization_id=organization.pk,
        sums=_stakes(plan, traders),
        subsidy_units=subsidy,
        note=f"Replay of {project}",
        now=clock(),
    )
    return Scene(
        organization=organization,
        staff=staff,
        forecasters=traders,
        accounts={
            name: trader_account(owner_id=user.pk, organization_id=organization.pk, now=clock()).pk
            for name, user in traders.items()
        },
        markets=_markets(plan, organization.pk, staff, clock),
    )


def _stakes(plan: Plan, traders: Mapping[str, User]) -> dict[UUID, int]:
    """What each forecaster's purchases cost in all, in units at this scale: enough whatever they sell back in between."""
    cost = dict.fromkeys(traders, 0)
    for trades in plan.recording.findings.values():
        for trade, start, end in _moves(trades, plan.scale):
            if start != end:
                outcome = DOES_NOT if end > start else REPLICATES
                cost[trade.forecaster_id] += lmsr.buy_cost_units([0, start], plan.b, outcome, abs(end - start))
    return {traders[name].pk: units for name, units in cost.items()}


def _moves(trades: Sequence[RecordedTrade], scale: int) -> Iterator[tuple[RecordedTrade, int, int]]:
    """Each trade of a finding with the house's position before and after it, in contracts on "does not replicate"."""
    position = 0
    for trade in trades:
        start, position = position, house_position(trade.net_shares, scale)
        yield trade, start, position


def _markets(plan: Plan, organization_id: UUID, staff: Staff, clock: Callable[[], datetime]) -> dict[str, Market]:
    found = {market.question: market for market in Market.objects.filter(organization_id=organization_id)}
    markets = {}
    for finding in plan.recording.findings:
        question = f"Does {plan.recording.project} finding {finding} replicate?"
        market = found.get(question) or lifecycle.create_market(
            actor=staff.creator,
            organization_id=organization_id,
            draft=lifecycle.MarketDraft(
                question=question,
                criteria="As the replication of the finding came out.",
                outcomes=("Replicates", "Does not replicate"),
                category="Replay",
                dispute_window_s=0,
                house_liquidity=plan.b,
            ),
            now=clock(),
        )
        staff.bring_to_open(market, now=clock())
        markets[finding] = market
    return markets


def _orders(plan: Plan, scene: Scene, trades: Sequence[RecordedTrade]) -> list[PlaceOrder]:
    """A finding's trades as market orders: whoever moved the position up bought "does not replicate", and down "replicates".

    One of less than half a contract at this scale becomes no order; the next one's quantity makes up for it.
    """
    return [
        _order(scene, trade, outcome=DOES_NOT if end > start else REPLICATES, quantity=abs(end - start))
        for trade, start, end in _moves(trades, plan.scale)
        if start != end
    ]


def _order(scene: Scene, trade: RecordedTrade, *, outcome: int, quantity: int) -> PlaceOrder:
    order = NewOrder(
        id=uuid7_text(),
        account=scene.accounts[trade.forecaster_id],
        outcome=outcome,
        is_buy=True,
        price=MAX_PRICE,
        quantity=quantity,
        is_market=True,
        time_in_force="ioc",
        client_order_id=trade.transaction_id,
    )
    return PlaceOrder(cause=Cause(str(scene.forecasters[trade.forecaster_id].pk), correlation_id()), order=order)


def _place(market: Market, commands: Sequence[PlaceOrder]) -> None:
    """Submit those that have not been placed before; a repetition beside another run is refused as a duplicate."""
    ids = [command.order.client_order_id for command in commands]
    placed = set(Order.objects.filter(market=market, client_order_id__in=ids).values_list("client_order_id", flat=True))
    left = [command for command in commands if command.order.client_order_id not in placed]
    if not left:
        return
    for command, outcome in zip(left, submit(str(market.pk), left), strict=True):
        if isinstance(outcome.error, DuplicateClientOrderId):
            continue
        reply = outcome.unwrap()
        if reply["filled_quantity"] != command.order.quantity:
            raise UnusableRecord(
                f"Transaction {command.order.client_order_id} filled {reply['filled_quantity']:,} of "
                f"{command.order.quantity:,} contracts."
            )


def _settle(scene: Scene, market: Market, *, replicated: bool, clock: Callable[[], datetime]) -> None:
    scene.staff.close(market, reason="All recorded trades are replayed.")
    payout = [SET_UNITS, 0] if replicated else [0, SET_UNITS]
    evidence = f"The recorded outcome: the finding {'replicated' if replicated else 'did not replicate'}."
    scene.staff.propose(market, payout_units=payout, evidence=evidence)
    scene.staff.confirm(market, now=clock())

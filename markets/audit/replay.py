"""Each market rebuilt from its stream from nothing, and compared with its tables and with the state held in memory."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from markets.audit.evidence import compare_evidence
from markets.audit.journals import Journals
from markets.audit.result import CheckResult, Findings
from markets.engine import snapshot
from markets.engine.apply import apply
from markets.engine.state import MarketState
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.proof import differences_from_ledger, retell, worth
from markets.trading.memory import stream_of
from markets.trading.models import Order, Position
from markets.trading.session import market_session
from opinion_market.eventstore.hashing import canonical_json
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel.clock import microseconds

PAID = (Market.Status.SETTLED, Market.Status.VOIDED)

OrderFacts = tuple[int, int, int, int, int, int, int]
PositionFacts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tables:
    """What the tables and this process's memory say of a market at one version; read under the market's lock."""

    version: int
    head_hash: bytes
    memory: bytes
    market: tuple[object, ...]
    orders: dict[str, OrderFacts]
    positions: dict[tuple[int, int], PositionFacts]


@dataclass(slots=True)
class Comparison:
    """The findings of all markets so far."""

    states: Findings
    markets: Findings
    orders: Findings
    positions: Findings
    journals: Findings
    decisions: Findings
    payouts: Findings
    evidence: Findings

    def results(self) -> list[CheckResult]:
        found = (
            self.states, self.markets, self.orders, self.positions, self.journals, self.decisions, self.payouts,
            self.evidence,
        )  # fmt: skip
        return [each.result() for each in found]


def replay_markets(
    *,
    now: datetime,
    organization_ids: Collection[UUID] | None = None,
    market_ids: Collection[UUID] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[CheckResult]:
    """Invariant 14 for every market in scope; `progress` is told how many markets of how many are done.

    Locks: one market at a time, only while its rows are read; the replay itself runs beside trading.
    """
    markets = Market.objects.order_by("pk")
    if market_ids is not None:
        markets = markets.filter(pk__in=market_ids)
    if organization_ids is not None:
        markets = markets.filter(organization_id__in=organization_ids)
    found = Comparison(
        Findings("replayed_states", 14, "Replaying the stream gives the state in memory, byte for byte"),
        Findings("replayed_markets", 14, "Replaying the stream gives the market's row: status, sets, prices, volume"),
        Findings("replayed_orders", 14, "Replaying the stream gives the open orders and their reserves"),
        Findings(
            "replayed_positions", 14, "Replaying the stream gives the positions, sets kept by their minters included"
        ),
        Findings("replayed_journals", 14, "Replaying the stream gives the postings"),
        Findings("recorded_cash", 14, "Each event moves the cash that it records"),
        Findings(
            "replayed_payouts", 10, "Payouts and corrections are the replayed contracts at the vector, and the escrow"
        ),
        Findings("kept_evidence", 14, "Evidence is kept with the hash that stands in the stream"),
    )
    ids = [(str(pk), organization_id) for pk, organization_id in markets.values_list("pk", "organization_id")]
    for done, (market_id, organization_id) in enumerate(ids, start=1):
        _compare(market_id, organization_id, _tables(market_id, now), found)
        progress(done, len(ids))
    return found.results()


@transaction.atomic
def _tables(market_id: str, now: datetime) -> Tables:
    with market_session(market_id, now=now) as session:
        row = Market.objects.get(pk=market_id)
        orders = Order.objects.filter(market_id=market_id, status=Order.Status.OPEN).order_by()
        facts = (
            "pk", "account_id", "quantity", "filled_quantity", "cancelled_quantity", "fees_units", "reserved_units",
            "reserved_contracts",
        )  # fmt: skip
        held = Position.objects.filter(market_id=market_id).exclude(free_contracts=0, reserved_contracts=0).order_by()
        return Tables(
            version=row.version,
            head_hash=bytes(row.head_hash),
            memory=_bytes(session.state),
            market=(
                row.status, row.open_sets, row.trade_sequence, row.volume_contracts, row.volume_units,
                row.price_units if row.opened_at else [], row.payout_units or [],
                microseconds(row.last_trade_at) if row.last_trade_at else 0,
            ),
            orders={str(key): tuple(rest) for key, *rest in orders.values_list(*facts)},
            positions={
                (account, outcome): (free, reserved)
                for account, outcome, free, reserved in held.values_list(
                    "account_id", "outcome", "free_contracts", "reserved_contracts"
                )
            },
        )  # fmt: skip


def _compare(market_id: str, organization_id: UUID, tables: Tables, found: Comparison) -> None:
    state = MarketState(market_id)
    head_hash, journals, evidence = bytes(32), Journals(), dict[str, str]()
    for event in read_stream(stream_of(market_id), until=tables.version):
        effects = apply(state, event.type, event.data, microseconds(event.recorded_at))
        cash = effects.as_data()
        found.decisions.compare(f"event {event.position}", expected=event.data.get("cash", []), found=cash)
        journals.add(event, {account: delta for account, delta, _ in cash if delta})
        evidence |= {item["id"]: item["sha256"] for item in event.data.get("items", ())}
        head_hash = event.hash
    found.states.compare(
        f"market {market_id} at version {tables.version}",
        expected=(tables.head_hash.hex(), tables.memory),
        found=(head_hash.hex(), _bytes(state)),
    )
    found.markets.compare(
        f"market {market_id}",
        expected=(
            state.status, state.sets, state.trade_sequence, state.volume_contracts, state.volume_units,
            state.last_prices, state.payout_units, state.last_trade_us,
        ),
        found=tables.market,
    )  # fmt: skip
    _compare_orders(state, tables, found.orders)
    _compare_positions(state, tables, found.positions)
    journals.compare(state, found.journals)
    compare_evidence(market_id, evidence, found.evidence)
    if state.status in PAID and state.rules is not None:
        _compare_payouts(market_id, organization_id, tables.version, found.payouts)


def _compare_orders(state: MarketState, tables: Tables, found: Findings) -> None:
    replayed: dict[str, OrderFacts] = {
        order.id: (
            order.account, order.quantity, order.filled, order.cancelled, order.fees, order.reserved, order.stock,
        )
        for order in state.orders.values()
    }  # fmt: skip
    for order_id in sorted(replayed.keys() | tables.orders.keys()):
        found.compare(f"order {order_id}", expected=replayed.get(order_id), found=tables.orders.get(order_id))


def _compare_positions(state: MarketState, tables: Tables, found: Findings) -> None:
    replayed: dict[tuple[int, int], PositionFacts] = {}
    for account, holding in state.holdings.items():
        found.compare(
            f"free sets of account {account} in market {state.market_id}",
            expected=holding.kept,
            found=min(holding.free),
        )
        for outcome, facts in enumerate(zip(holding.free, holding.reserved, strict=True)):
            if any(facts):
                replayed[account, outcome] = facts
    for account, outcome in sorted(replayed.keys() | tables.positions.keys()):
        found.compare(
            f"account {account}, outcome {outcome} of market {state.market_id}",
            expected=replayed.get((account, outcome)),
            found=tables.positions.get((account, outcome)),
        )


def _compare_payouts(market_id: str, organization_id: UUID, version: int, found: Findings) -> None:
    """What a settled or voided market paid, told again as its dossier tells it."""
    told = retell(market_id, organization_id, until=version)
    found.compare(f"payouts of market {market_id}", expected=told.escrow_units, found=told.payouts_units)
    for account in told.payouts:
        found.compare(
            f"payout of account {account} in market {market_id}",
            expected=worth(told.payouts[account].contracts, told.first_vector),
            found=told.payouts[account].paid_units,
        )
    found.compare(f"accounts paid otherwise in market {market_id}", expected=[], found=differences_from_ledger(told))


def _bytes(state: MarketState) -> bytes:
    return canonical_json(snapshot.dump(state))

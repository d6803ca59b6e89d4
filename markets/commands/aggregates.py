"""The exchange's aggregates: a market's state by replay, an account's by its postings, at any version or moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from markets.engine import snapshot
from markets.engine.orders import Order
from markets.engine.state import MarketState
from markets.ledger.models import Posting
from markets.trading.memory import LoadedMarket, catch_up, load, stream_of
from opinion_market.eventstore.aggregates import AggregateType, Loaded, Moment, require_affordable
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.snapshot_policies import policy_for
from opinion_market.eventstore.snapshots import load_snapshot, save_snapshot
from opinion_market.kernel.clock import from_microseconds, text

# Orders shown in priority order; the counts tell of the rest.
ORDERS_SHOWN = 1_000


def _market(moment: Moment) -> Loaded:
    """A market from its nearest snapshot not after the moment. Raises TooFarBack."""
    saved = load_snapshot(moment.stream, schema_version=snapshot.SCHEMA_VERSION, until=moment.version)
    start = saved.version if saved else 0
    require_affordable(moment, after=start)
    market = LoadedMarket(snapshot.load(saved.state) if saved else MarketState(moment.id), snapshot_version=start)
    catch_up(market, until=moment.version)
    return Loaded(_market_document(market.state), moment.version - start, start)


def _market_document(state: MarketState) -> dict[str, Any]:
    document = snapshot.dump(state)
    document["order_count"] = len(state.orders)
    names = Order.__dataclass_fields__.keys()
    document["orders"] = [dict(zip(names, values, strict=True)) for values in document["orders"][:ORDERS_SHOWN]]
    document["holdings"] = {
        account: {"free": free, "reserved": reserved, "kept_sets": kept}
        for account, (free, reserved, kept) in document["holdings"].items()
    }
    last_us = document.pop("last_trade_us")
    document["last_trade_at"] = text(from_microseconds(last_us)) if last_us else None
    return document


def _snapshot_market(stream: str, now: datetime) -> bool:
    """Keep a snapshot of the market as it stands; False if the newest one is of this very version."""
    market = load(str(UUID(stream.removeprefix(stream_of("")))))
    state = market.state
    if state.version == market.snapshot_version:
        return False
    save_snapshot(
        stream=stream,
        version=state.version,
        state=snapshot.dump(state),
        at=now,
        schema_version=snapshot.SCHEMA_VERSION,
        keep=policy_for("market").kept,
    )
    return True


def _account(moment: Moment) -> Loaded:
    """Deposits and withdrawals up to the version, from the stream; the balance, which trades move too, from the postings.

    Asked for by version, the balance is the one just after that event; asked for by time, the one at that time.
    """
    require_affordable(moment, after=0)
    deposited = withdrawn = position = 0
    for event in read_stream(moment.stream, until=moment.version):
        deposited += event.data["units"] if event.type == "FundsDeposited" else 0
        withdrawn += event.data["units"] if event.type == "FundsWithdrawn" else 0
        position = event.position
    before = Q(recorded_at__lte=moment.at) if moment.at is not None else Q(event_position=position)
    posting = Posting.objects.filter(before, account_id=int(moment.id)).order_by("-id").first()
    state = {
        "account": int(moment.id),
        "deposited_units": deposited,
        "withdrawn_units": withdrawn,
        "balance_units": posting.balance_after_units if posting else 0,
    }
    return Loaded(state, moment.version)


AGGREGATES = (
    AggregateType(
        "market",
        "A market: its status, prices, open orders and everybody's holdings, replayed by the engine.",
        _market,
        confidential=True,
        snapshot=_snapshot_market,
    ),
    AggregateType("account", "An account: what was paid in and out, and its balance.", _account, confidential=True),
)

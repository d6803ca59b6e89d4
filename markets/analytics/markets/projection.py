"""The projection `market_figures`: totals, intervals and traders per market, from the markets' events.

Only the holder of the subscription's checkpoint writes these tables, so rows are read, added to and written back: a batch
of events costs one statement per table to read and one to write, whatever it holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Model

from markets.analytics.markets.models import MarketBucket, MarketFigures, MarketTrader, MarketTraderDay
from markets.analytics.markets.tape import WIDTHS_S, Bucket, LargestTrade, Tape, floor
from markets.engine import lmsr
from markets.engine.state import House
from opinion_market.eventstore.projections import Projection
from opinion_market.eventstore.read import RecordedEvent
from opinion_market.kernel.prepared import array_literal

NAME = "market_figures"
TYPES = frozenset({"MarketOpened", "OrderPlaced", "OrderAmended", "OutcomeSplit"})
_PREFIX = "market-"
_BUCKET_FIELDS = tuple(each.name for each in fields(Bucket))
_VECTORS, _SUMS = _BUCKET_FIELDS[:5], _BUCKET_FIELDS[5:]
# Vectors travel as text, for unnest would take an array of arrays apart. The ORM's bulk upsert cost four times as much.
_UPSERT_BUCKETS = f"""
INSERT INTO markets_marketbucket (market_id, seconds, start, {", ".join(_BUCKET_FIELDS)})
SELECT market_id, seconds, start, {", ".join(f"{name}::bigint[]" for name in _VECTORS)}, {", ".join(_SUMS)}
FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[], {", ".join(["%s::text[]"] * len(_VECTORS))},
  {", ".join(["%s::bigint[]"] * len(_SUMS))}) AS added (market_id, seconds, start, {", ".join(_BUCKET_FIELDS)})
ON CONFLICT (market_id, seconds, start)
DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _BUCKET_FIELDS)}
"""  # noqa: S608 - names of this module's own fields

Tapes = dict[UUID, Tape]


def add_up(events: Sequence[RecordedEvent]) -> None:
    """Add a batch of events to the tables. Events that are counted already change nothing."""
    by_market: dict[UUID, list[RecordedEvent]] = defaultdict(list)
    for event in events:
        market_id = _market_of(event) if event.type in TYPES else None
        if market_id is not None:
            by_market[market_id].append(event)
    if not by_market:
        return
    tapes = _tapes(by_market)
    for market_id, own in by_market.items():
        for event in own:
            tapes[market_id].add(version=event.version, type=event.type, data=event.data, at=event.recorded_at)
    _write_figures(tapes)
    _write_buckets(tapes)
    _write_traders(tapes)


def reset() -> None:
    """Empty the tables."""
    kept: tuple[type[Model], ...] = (MarketFigures, MarketBucket, MarketTrader, MarketTraderDay)
    for model in kept:
        model._default_manager.all().delete()


def _market_of(event: RecordedEvent) -> UUID | None:
    if not event.stream.startswith(_PREFIX):
        return None
    try:
        return UUID(event.stream.removeprefix(_PREFIX))
    except ValueError:
        return None


def _tapes(by_market: dict[UUID, list[RecordedEvent]]) -> Tapes:
    """The markets as they stand, with the intervals that the events fall into."""
    found = MarketFigures.objects.in_bulk(list(by_market))
    tapes = {market_id: _tape(found[market_id]) if market_id in found else Tape() for market_id in by_market}
    keys = {
        (market_id, seconds, floor(event.recorded_at, seconds))
        for market_id, own in by_market.items()
        for event in own
        if event.data.get("fills")
        for seconds in WIDTHS_S
    }
    for market_id, seconds, start, bucket in _buckets(keys):
        tapes[market_id].buckets[seconds, start] = bucket
    return tapes


def _tape(row: MarketFigures) -> Tape:
    house = None
    if row.house_liquidity:
        offsets = lmsr.start(row.house_prior_units, row.house_liquidity)
        house = House(row.house_liquidity, offsets, row.house_prior_units, row.house_sold)
    largest = None
    if row.largest_sequence is not None and row.largest_outcome is not None and row.largest_at is not None:
        largest = LargestTrade(
            row.largest_sequence, row.largest_outcome, row.largest_contracts, row.largest_value_units, row.largest_at
        )
    return Tape(
        version=row.version,
        opened_at=row.opened_at,
        opening_units=row.opening_units,
        price_units=row.price_units,
        house=house,
        contracts=row.contracts,
        value_units=row.value_units,
        trades=row.trades,
        last_trade_at=row.last_trade_at,
        largest=largest,
    )


def _buckets(keys: set[tuple[UUID, int, datetime]]) -> Iterable[tuple[UUID, int, datetime, Bucket]]:
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT market_id, seconds, start, {', '.join(_BUCKET_FIELDS)} FROM markets_marketbucket "  # noqa: S608
            "JOIN unnest(%s::uuid[], %s::int[], %s::timestamptz[]) AS wanted (market_id, seconds, start) "
            "USING (market_id, seconds, start)",
            [list(column) for column in zip(*keys, strict=True)],
        )
        for market_id, seconds, start, *values in cursor.fetchall():
            yield market_id, seconds, start, Bucket(*values)


def _write_figures(tapes: Tapes) -> None:
    rows = [_row(market_id, tape) for market_id, tape in tapes.items()]
    columns = [field.name for field in MarketFigures._meta.concrete_fields if not field.primary_key]
    MarketFigures.objects.bulk_create(rows, update_conflicts=True, unique_fields=["market"], update_fields=columns)


def _row(market_id: UUID, tape: Tape) -> MarketFigures:
    house, largest = tape.house, tape.largest
    return MarketFigures(
        market_id=market_id,
        version=tape.version,
        opened_at=tape.opened_at,
        opening_units=tape.opening_units,
        price_units=tape.price_units,
        house_liquidity=house.b if house else 0,
        house_prior_units=house.prior_units if house else [],
        house_sold=house.sold if house else [],
        contracts=tape.contracts,
        value_units=tape.value_units,
        trades=tape.trades,
        last_trade_at=tape.last_trade_at,
        largest_sequence=largest.sequence if largest else None,
        largest_outcome=largest.outcome if largest else None,
        largest_contracts=largest.contracts if largest else 0,
        largest_value_units=largest.value_units if largest else 0,
        largest_at=largest.at if largest else None,
    )


def _write_buckets(tapes: Tapes) -> None:
    rows = [
        (
            market_id, seconds, start,
            *(array_literal(getattr(bucket, name)) for name in _VECTORS),
            *(getattr(bucket, name) for name in _SUMS),
        )
        for market_id, tape in tapes.items()
        for (seconds, start), bucket in tape.buckets.items()
    ]  # fmt: skip
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT_BUCKETS, [list(column) for column in zip(*rows, strict=True)])


def _write_traders(tapes: Tapes) -> None:
    traders = [
        (market_id, account, trader.first_at, trader.last_at, trader.trades)
        for market_id, tape in tapes.items()
        for account, trader in tape.traders.items()
    ]
    if not traders:
        return
    days = [
        (market_id, day, account)
        for market_id, tape in tapes.items()
        for account, trader in tape.traders.items()
        for day in trader.days
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO markets_markettrader AS kept (market_id, account_id, first_traded_at, last_traded_at, trades) "
            "SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[]) "
            "ON CONFLICT (market_id, account_id) DO UPDATE SET trades = kept.trades + excluded.trades, "
            "first_traded_at = least(kept.first_traded_at, excluded.first_traded_at), "
            "last_traded_at = greatest(kept.last_traded_at, excluded.last_traded_at)",
            [list(column) for column in zip(*traders, strict=True)],
        )
        cursor.execute(
            "INSERT INTO markets_markettraderday (market_id, day, account_id) "
            "SELECT * FROM unnest(%s::uuid[], %s::date[], %s::bigint[]) ON CONFLICT DO NOTHING",
            [list(column) for column in zip(*days, strict=True)],
        )


MARKET_FIGURES = Projection(
    NAME,
    add_up,
    reset=reset,
    types=TYPES,
    tables=("markets_marketfigures", "markets_marketbucket", "markets_markettrader", "markets_markettraderday"),
)

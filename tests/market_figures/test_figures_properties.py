"""Random trading through the API: the figures are those of a plain fold over the trades, and rebuild to the same rows."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from markets.analytics.markets.projection import MARKET_FIGURES
from markets.analytics.markets.selectors import figures_of
from markets.analytics.markets.series import Stretch, history
from markets.lifecycle.models import Market
from markets.trading.models import Trade
from tests.market_figures.replaying import count, events_of, rows

SHARED = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
# Later than any event below.
NOW = BEGIN + timedelta(days=9, seconds=17)

an_order = st.fixed_dictionaries(
    {
        "trader": st.integers(0, 2),
        "outcome": st.integers(0, 2),
        "side": st.sampled_from(["buy", "sell"]),
        "price": st.integers(4_000, 6_000),
        # Few sizes, so that the largest trade has equals.
        "quantity": st.sampled_from([1, 4, 4, 25]),
        # Seconds since the order before it: within a minute, an hour, days.
        "after_s": st.sampled_from([0, 1, 20, 59, 60, 600, 3_600, 40_000, 90_000]),
    }
)
some_orders = st.lists(an_order, min_size=2, max_size=14)


def trade(venue, outcomes, house, orders):
    """A market after these orders, and the time of each of its events, which run from BEGIN on."""
    kind = {"kind": "categorical", "outcomes": list("ABC"), "is_exhaustive": True} if outcomes == 3 else {}
    market = venue.market(house_liquidity=house, taker_fee_bps=30, **kind)
    traders = [venue.trader() for _ in range(3)]
    opened = events_of(market)[-1].version
    times, at = dict.fromkeys(range(1, opened + 1), BEGIN), BEGIN
    for order in orders:
        wanted = {**order, "outcome": order["outcome"] % outcomes}
        at += timedelta(seconds=wanted.pop("after_s"))
        traders[wanted.pop("trader")].order(market, **wanted)
        times[events_of(market)[-1].version] = at
    return market, times.__getitem__


def trades_of(market, when):
    """(time, trade) of each trade: its row, at the time its event was given."""
    placed = {
        fill["sequence"]: when(event.version)
        for event in events_of(market)
        if event.type == "OrderPlaced"
        for fill in event.data["fills"]
    }
    return [(placed[trade.sequence], trade) for trade in Trade.objects.filter(market=market).order_by("sequence")]


@SHARED
@given(
    outcomes=st.sampled_from([2, 3]),
    house=st.sampled_from([0, 60]),
    orders=some_orders,
    cuts=st.sets(st.integers(1, 20)),
)
def test_batches_of_any_size_and_a_rebuild_give_the_same_rows(venue, outcomes, house, orders, cuts):
    market, when = trade(venue, outcomes, house, orders)
    events = events_of(market, when)
    count(events, cuts=cuts)
    incremental = rows(of=market)
    MARKET_FIGURES.reset()
    assert rows() == {name: [] for name in incremental}
    count(events)
    assert rows(of=market) == incremental
    count(events)  # seen again, nothing is counted twice
    assert rows(of=market) == incremental
    row = Market.objects.get(pk=market)
    figures = row.figures
    assert (figures.contracts, figures.value_units, figures.trades, figures.price_units) == (
        row.volume_contracts, row.volume_units, row.trade_sequence, row.price_units,
    )  # fmt: skip


@SHARED
@given(
    outcomes=st.sampled_from([2, 3]), house=st.sampled_from([0, 60]), orders=some_orders,
    cuts=st.sets(st.integers(1, 20)), back_s=st.integers(0, 3 * 86_400),
)  # fmt: skip
def test_the_figures_are_those_of_the_trades(venue, outcomes, house, orders, cuts, back_s):
    market, when = trade(venue, outcomes, house, orders)
    count(events_of(market, when), cuts=cuts)
    trades = trades_of(market, when)
    # Windows end now, and nothing is later than now.
    now = max([at for at, _ in trades] + [BEGIN]) + timedelta(seconds=1 + back_s)
    found = figures_of(Market.objects.get(pk=market), now=now)
    minute = now.replace(second=0, microsecond=0)
    for window, since in ((found.day, timedelta(days=1)), (found.week, timedelta(days=7))):
        inside = [trade for at, trade in trades if minute - since <= at < now]
        assert (window.contracts, window.value_units, window.trades) == (
            sum(trade.quantity for trade in inside), sum(trade.value_units for trade in inside), len(inside),
        )  # fmt: skip
    people = [
        (at, account)
        for at, trade in trades
        for account in [trade.taker_account_id, *([trade.maker_account_id] if trade.maker_order else [])]
    ]
    assert found.participants == len({account for _, account in people})
    recent = {account for at, account in people if at >= minute - timedelta(days=1)}
    assert found.active_traders_24h == len(recent)
    most = max((trade.quantity for _, trade in trades), default=0)
    assert (found.stored.largest_contracts if trades else 0) == most
    if trades:
        largest = next(trade for _, trade in trades if trade.quantity == most)
        assert found.stored.largest_sequence == largest.sequence
        assert found.stored.largest_value_units == largest.value_units


@SHARED
@given(orders=some_orders, house=st.sampled_from([0, 60]), back_s=st.integers(0, 2 * 86_400))
def test_changes_and_volatility_are_those_of_the_prices(venue, house, orders, back_s):
    """Two outcomes, where each trade's row tells both prices."""
    market, when = trade(venue, 2, house, orders)
    count(events_of(market, when))
    trades = trades_of(market, when)
    now = max([at for at, _ in trades] + [BEGIN]) + timedelta(seconds=1 + back_s)
    minute = now.replace(second=0, microsecond=0)

    def price_at(moment):
        if moment < BEGIN:
            return None
        return next((trade.price_after_units for at, trade in reversed(trades) if at < moment), 5_000)

    last = price_at(now)
    found = figures_of(Market.objects.get(pk=market), now=now)
    first, second = found.outcomes
    for shown, hours in (("change_1h_units", 1), ("change_24h_units", 24), ("change_7d_units", 168)):
        before = price_at(minute - timedelta(hours=hours))
        expected = last - (5_000 if before is None else before)
        assert getattr(first, shown) == expected
        assert getattr(second, shown) == -expected
    for shown, hours in ((first.volatility_24h, 24), (first.volatility_7d, 168)):
        path = [price_at(minute - timedelta(hours=back)) for back in range(hours, 0, -1)]
        path = ([] if None not in path else [5_000]) + [price for price in path if price is not None] + [last]
        odds = [math.log(price / (10_000 - price)) for price in path]
        changes = [after - before for before, after in pairwise(odds)]
        assert shown == pytest.approx(math.sqrt(sum(change**2 for change in changes) / len(changes)))
    if first.momentum_24h is not None:
        assert first.momentum_24h == pytest.approx(-second.momentum_24h)
        assert abs(first.momentum_24h) <= math.sqrt(25) + 1e-9
        assert math.copysign(1, first.momentum_24h) == math.copysign(1, first.change_24h_units) or not (
            first.change_24h_units
        )


@SHARED
@given(outcomes=st.sampled_from([2, 3]), house=st.sampled_from([0, 60]), orders=some_orders)
def test_the_history_is_that_of_the_trades(venue, outcomes, house, orders):
    market, when = trade(venue, outcomes, house, orders)
    count(events_of(market, when))
    trades = trades_of(market, when)
    for interval, width in (("hour", timedelta(hours=1)), ("day", timedelta(days=1))):
        shown = history(market, Stretch.of(interval, BEGIN, None, now=NOW + timedelta(days=8)))
        starts = sorted({BEGIN + (at - BEGIN) // width * width for at, _ in trades})
        assert [each.bucket.start for each in shown] == starts
        for each in shown:
            inside = [trade for at, trade in trades if each.bucket.start <= at < each.bucket.start + width]
            assert each.bucket.trades == len(inside)
            assert each.bucket.contracts == sum(trade.quantity for trade in inside) == sum(each.bucket.book_contracts)
            assert each.bucket.value_units == sum(trade.value_units for trade in inside)
            for outcome in {trade.outcome for trade in inside}:
                prices = [trade.price_after_units for trade in inside if trade.outcome == outcome]
                assert each.bucket.high_units[outcome] >= max(prices)
                assert each.bucket.low_units[outcome] <= min(prices)
                own = sum(trade.quantity for trade in inside if trade.outcome == outcome)
                assert each.bucket.book_contracts[outcome] == own
            assert each.bucket.open_units[inside[0].outcome] == inside[0].price_after_units
            assert each.bucket.close_units[inside[-1].outcome] == inside[-1].price_after_units
            people = {trade.taker_account_id for trade in inside}
            people |= {trade.maker_account_id for trade in inside if trade.maker_order}
            assert each.traders == (len(people) if interval == "day" else None)

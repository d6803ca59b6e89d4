"""The book and the candles compared with what plain Python makes of the orders and trades themselves."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from markets.trading.candles import INTERVALS
from markets.trading.models import Trade

# One transaction serves all examples; each has a market of its own in it.
SHARED = [HealthCheck.function_scoped_fixture]

an_order_on = st.fixed_dictionaries(
    {
        "trader": st.integers(0, 1),
        "outcome": st.integers(0, 2),
        "side": st.sampled_from(["buy", "sell"]),
        "price": st.integers(4_990, 5_010),
        "quantity": st.integers(1, 20),
    }
)


@settings(max_examples=15, suppress_health_check=SHARED)
@given(outcomes=st.sampled_from([2, 3]), orders=st.lists(an_order_on, min_size=1, max_size=12), data=st.data())
def test_the_book_is_the_sum_of_the_open_orders(venue, outcomes, orders, data):
    market = (
        venue.market() if outcomes == 2 else venue.market(kind="categorical", outcomes=list("ABC"), is_exhaustive=True)
    )
    traders = [venue.trader(), venue.trader()]
    for order in orders:
        wanted = {**order, "outcome": order["outcome"] % outcomes}
        traders[wanted.pop("trader")].order(market, **wanted)
    open_orders = [
        order for trader in traders for order in trader.get("orders", market=market, status="open")["results"]
    ]
    if open_orders:
        unwanted = data.draw(st.sampled_from(open_orders))
        (owner,) = [trader for trader in traders if unwanted in trader.get("orders", market=market)["results"]]
        owner.delete(f"orders/{unwanted['id']}")
        open_orders.remove(unwanted)
    levels = defaultdict(lambda: [0, 0])
    for order in open_orders:
        views = [(order["outcome"], order["side"], order["price"])]
        if outcomes == 2:
            views.append((1 - order["outcome"], "sell" if order["side"] == "buy" else "buy", 10_000 - order["price"]))
        for view in views:
            levels[view][0] += order["remaining_quantity"]
            levels[view][1] += 1
    book = traders[0].get(f"markets/{market}/book")
    for shown in book["outcomes"]:
        for side, name, sign in (("buy", "bids", -1), ("sell", "offers", 1)):
            expected = sorted(
                (sign * price, price, *sums)
                for (outcome, of_side, price), sums in levels.items()
                if (outcome, of_side) == (shown["outcome"], side)
            )
            told = [(level["price"], level["quantity"], level["orders"]) for level in shown[name]]
            assert told == [each[1:] for each in expected]
    assert book["version"] == traders[0].get(f"markets/{market}")["version"]


HISTORY = datetime(2026, 2, 1, tzinfo=UTC)

a_trade = st.fixed_dictionaries(
    {
        "after_s": st.integers(0, 4_000),
        "price": st.integers(1, 9_999),
        "price_after": st.integers(1, 9_999),
        "quantity": st.integers(1, 1_000),
    }
)


def record(market: str, accounts: list[int], trades: list[dict]) -> list[dict]:
    """Write a history of trades; time runs on by `after_s` from one to the next."""
    at, history = HISTORY, []
    for sequence, trade in enumerate(trades, start=1):
        at += timedelta(seconds=trade["after_s"])
        history.append({**trade, "at": at, "value": trade["price"] * trade["quantity"]})
        Trade.objects.create(
            market_id=market,
            sequence=sequence,
            outcome=0,
            taker_side="buy",
            price_units=trade["price"],
            quantity=trade["quantity"],
            value_units=trade["price"] * trade["quantity"],
            price_after_units=trade["price_after"],
            taker_order=market,
            taker_account_id=accounts[0],
            maker_account_id=accounts[1],
            executed_at=at,
        )
    return history


def expected_candles(history: list[dict], outcome: int, step: timedelta, start: datetime, end: datetime, fill: bool):
    """Candles as one would draw them by hand."""
    seconds = int(step.total_seconds())
    first = datetime.fromtimestamp(start.timestamp() // seconds * seconds, UTC)
    candles, last = [], None
    for trade in history:
        if trade["at"] < first:
            last = trade["price_after"] if outcome == 0 else 10_000 - trade["price_after"]
    while first < end:
        inside = [trade for trade in history if first <= trade["at"] < min(first + step, end)]
        prices = [each["price_after"] if outcome == 0 else 10_000 - each["price_after"] for each in inside]
        volume = sum(trade["quantity"] for trade in inside)
        value = sum(trade["value"] for trade in inside)
        if prices:
            last = prices[-1]
        if prices or (fill and last is not None):
            candles.append(
                {
                    "start": first.isoformat().replace("+00:00", "Z"),
                    "open": prices[0] if prices else last,
                    "high": max(prices, default=last),
                    "low": min(prices, default=last),
                    "close": last,
                    "volume": volume,
                    "value": value if outcome == 0 else 10_000 * volume - value,
                    "trades": len(inside),
                }
            )
        first += step
    return candles


@settings(max_examples=40, suppress_health_check=SHARED)
@given(
    trades=st.lists(a_trade, max_size=15),
    interval=st.sampled_from(list(INTERVALS)),
    outcome=st.integers(0, 1),
    begin_s=st.integers(-90_000, 60_000),
    candles=st.integers(1, 60),
    odd_s=st.integers(0, 86_400),
    fill=st.booleans(),
)
def test_candles_are_as_one_would_draw_them(venue, trades, interval, outcome, begin_s, candles, odd_s, fill):
    market = venue.draft()
    history = record(market, [1, 2], trades)
    step = INTERVALS[interval]
    start = HISTORY + timedelta(seconds=begin_s)
    end = start + step * candles + timedelta(seconds=odd_s % step.total_seconds())
    query = {"interval": interval, "outcome": outcome, "from": start.isoformat(), "to": end.isoformat()}
    answer = venue.chief.get(f"markets/{market}/prices", fill="last" if fill else "none", **query)
    averages = [candle.pop("average_price") for candle in answer["candles"]]
    assert answer["candles"] == expected_candles(history, outcome, step, start, end, fill)
    for candle, average in zip(answer["candles"], averages, strict=True):
        if average is None:
            assert candle["volume"] == 0
        else:
            assert float(average) * candle["volume"] == pytest.approx(candle["value"], rel=1e-6)


def test_a_span_may_hold_1500_candles_and_must_run_forwards(venue):
    market = venue.draft()
    path = f"markets/{market}/prices"

    def refused(**query) -> tuple[int, str]:
        response = venue.chief.client.get(f"/api/v1/{path}", query)
        return response.status_code, response.json()["code"]

    day = {"interval": "1m", "from": "2026-02-01T00:00:00Z"}
    venue.chief.get(path, **day, to="2026-02-02T01:00:00Z")
    assert refused(**day, to="2026-02-02T01:00:01Z") == (422, "too_many_candles")
    assert refused(**day, to="2026-02-01T00:00:00Z") == (422, "invalid_span")
    assert refused(**{**day, "from": "soon"}) == (422, "invalid_input")
    assert refused(outcome=2) == (422, "no_such_outcome")
    assert refused(interval="2m") == (422, "invalid_input")
    ahead = {"from": (now() + timedelta(days=1)).isoformat(), "to": (now() + timedelta(days=2)).isoformat()}
    assert venue.chief.get(path, fill="last", **ahead)["candles"] == []
    assert venue.chief.get(path, **{"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z"})["candles"] == []


def test_the_last_close_is_the_market_price(venue):
    market = venue.market(house_liquidity=100)
    ann = venue.trader()
    for quantity in (10, 25):
        ann.order(market, price=9000, quantity=quantity)
    prices = [outcome["price"] for outcome in ann.get(f"markets/{market}")["outcomes"]]
    closes = [ann.get(f"markets/{market}/prices", outcome=outcome)["candles"][-1]["close"] for outcome in (0, 1)]
    assert closes == prices

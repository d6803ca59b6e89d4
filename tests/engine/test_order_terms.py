"""Order terms by example: what rests, what is dropped, what is refused. Every trader starts with 1,000,000 units."""

import pytest

from markets.engine.errors import (
    InsufficientContracts,
    InsufficientFunds,
    InvalidOrder,
    MarketNotOpen,
    OrderNotFound,
    PriceOutOfRange,
    Unfillable,
    WouldTake,
)
from tests.engine.desk import ALICE, BOB, Desk, bids, fills, offers

START = 1_000_000


def test_a_post_only_order_rests_or_is_refused() -> None:
    desk = Desk()
    desk.sell(ALICE, 5_100, 5)
    with pytest.raises(WouldTake) as refusal:
        desk.buy(BOB, 5_100, 1, post_only=True)
    assert refusal.value.data == {"best_price": 5_100}
    desk.buy(BOB, 5_099, 1, post_only=True)
    assert bids(desk) == [(5_099, 1)]


def test_a_post_only_order_is_told_the_best_price_of_the_outcome_it_named() -> None:
    desk = Desk()
    desk.buy(ALICE, 6_000, 5, outcome=0)
    with pytest.raises(WouldTake) as refusal:
        desk.buy(BOB, 4_500, 1, outcome=1, post_only=True)
    assert refusal.value.data == {"best_price": 4_000}


def test_fill_or_kill_fills_everything_or_nothing() -> None:
    desk = Desk()
    desk.sell(ALICE, 5_100, 5)
    with pytest.raises(Unfillable) as refusal:
        desk.buy(BOB, 5_100, 6, time_in_force="fok")
    assert refusal.value.data == {"fillable": 5}
    assert fills(desk.buy(BOB, 5_100, 5, time_in_force="fok")) == [(ALICE, 5_100, 5)]


def test_own_contracts_do_not_count_towards_fill_or_kill() -> None:
    desk = Desk()
    desk.sell(BOB, 5_000, 3)
    desk.sell(ALICE, 5_100, 5)
    with pytest.raises(Unfillable):
        desk.buy(BOB, 5_100, 6, time_in_force="fok")
    assert offers(desk) == [(5_000, 3), (5_100, 5)]


def test_immediate_or_cancel_never_rests() -> None:
    desk = Desk()
    desk.sell(ALICE, 5_100, 5)
    data = desk.buy(BOB, 5_100, 8, time_in_force="ioc")
    assert (fills(data), data["cancelled"]) == ([(ALICE, 5_100, 5)], 3)
    assert (bids(desk), offers(desk)) == ([], [])
    assert desk.reserved[BOB] == 0


def test_a_market_order_stops_at_its_worst_price() -> None:
    desk = Desk()
    desk.sell(ALICE, 5_100, 5)
    desk.sell(ALICE, 5_900, 5)
    data = desk.buy(BOB, 5_500, 8, is_market=True, time_in_force="ioc")
    assert (fills(data), data["cancelled"]) == ([(ALICE, 5_100, 5)], 3)


def test_an_order_meeting_its_owners_cancels_the_resting_one() -> None:
    desk = Desk()
    desk.sell(BOB, 5_000, 3)
    desk.sell(ALICE, 5_100, 5)
    desk.sell(BOB, 5_200, 3)
    data = desk.buy(BOB, 5_200, 4)
    assert fills(data) == [(ALICE, 5_100, 4)]
    assert data["self_trades"] == ["o1"]
    assert offers(desk) == [(5_100, 1), (5_200, 3)]
    assert desk.orders["o1"].cancelled == 3
    assert desk.reserved[BOB] == 3 * 4_800


def test_an_order_good_till_a_time_leaves_the_book_at_that_time() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 5, time_in_force="gtd", expires_us=desk.now_us + 10)
    desk.now_us += 8
    desk.expire()
    assert bids(desk) == [(5_000, 5)]
    desk.now_us += 1
    assert fills(desk.sell(BOB, 5_000, 5)) == []
    assert desk.events[-2][0] == "OrdersExpired"
    assert (bids(desk), desk.reserved[ALICE]) == ([], 0)


def test_nobody_spends_what_is_reserved() -> None:
    desk = Desk(balance=10_000)
    desk.buy(ALICE, 6_000, 1)
    with pytest.raises(InsufficientFunds) as refusal:
        desk.buy(ALICE, 5_000, 1)
    assert refusal.value.data == {"needed_units": 5_000, "available_units": 4_000}
    with pytest.raises(InsufficientFunds):
        desk.mint(ALICE, 1)


@pytest.mark.parametrize("price", [-1, 0, 10_000])
def test_prices_outside_the_range_are_refused(price: int) -> None:
    with pytest.raises(PriceOutOfRange):
        Desk().buy(ALICE, price, 1)


@pytest.mark.parametrize(
    "terms",
    [
        {"quantity": 0},
        {"quantity": 1_000_000_001},
        {"outcome": 2},
        {"is_market": True},
        {"post_only": True, "time_in_force": "ioc"},
        {"time_in_force": "gtd"},
        {"expires_us": 10**15},
        {"time_in_force": "gtd", "expires_us": 1},
    ],
)
def test_orders_that_contradict_themselves_are_refused(terms: dict[str, object]) -> None:
    order = {"quantity": 1, "outcome": 0} | terms
    with pytest.raises(InvalidOrder):
        Desk().buy(ALICE, 5_000, **order)  # type: ignore[arg-type]


def test_only_its_owner_cancels_an_order() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 1)
    with pytest.raises(OrderNotFound):
        desk.cancel("o1", account=BOB)
    with pytest.raises(OrderNotFound):
        desk.cancel("o2", account=ALICE)
    desk.cancel("o1", account=ALICE)


def test_only_free_complete_sets_merge() -> None:
    desk = Desk()
    desk.mint(ALICE, 3)
    desk.sell(ALICE, 6_000, 2)
    with pytest.raises(InsufficientContracts) as refusal:
        desk.merge(ALICE, 2)
    assert refusal.value.data == {"wanted": 2, "free_sets": 1}
    desk.merge(ALICE, 1)
    assert desk.cash[ALICE] == START - 20_000


def test_a_halted_market_takes_no_orders() -> None:
    desk = Desk()
    desk.commit("MarketHalted", {})
    with pytest.raises(MarketNotOpen):
        desk.buy(ALICE, 5_000, 1)

"""Other terms for open orders: what keeps its place, what loses it, what trades at once, and what is refused."""

import pytest

from markets.engine.errors import InsufficientFunds, InvalidOrder, NothingToReduce, OrderNotFound, Unfillable, WouldTake
from tests.engine.desk import ALICE, BOB, CAROL, Desk, bids, fills, offers


def test_a_smaller_quantity_keeps_its_place_in_the_queue() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 10)
    desk.buy(BOB, 5_000, 10)
    desk.amend("o1", ALICE, quantity=4)
    assert desk.reserved[ALICE] == 4 * 5_000
    assert fills(desk.sell(CAROL, 5_000, 6)) == [(ALICE, 5_000, 4), (BOB, 5_000, 2)]


@pytest.mark.parametrize("terms", [{"quantity": 12}, {"price": 5_000, "new_expiry": True, "expires_us": 10**9}])
def test_anything_else_goes_behind_the_others_at_its_price(terms: dict[str, int]) -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 10)
    desk.buy(BOB, 5_000, 10)
    desk.amend("o1", ALICE, **terms)
    assert fills(desk.sell(CAROL, 5_000, 5)) == [(BOB, 5_000, 5)]


def test_a_better_price_may_trade_at_once_and_the_order_stays_one() -> None:
    desk = Desk()
    desk.sell(BOB, 6_000, 4)
    desk.buy(ALICE, 5_000, 10)
    desk.sell(CAROL, 5_000, 3)
    data = desk.amend("o2", ALICE, price=6_100)
    order = desk.orders["o2"]
    assert fills(data) == [(BOB, 6_000, 4)]
    assert (order.filled, order.remaining, order.quantity, order.value) == (7, 3, 10, 3 * 5_000 + 4 * 6_000)
    assert bids(desk) == [(6_100, 3)]
    assert desk.reserved[ALICE] == 3 * 6_100


def test_the_quantity_is_the_whole_with_what_is_filled() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 10)
    desk.sell(BOB, 5_000, 6)
    assert not desk.attempt(lambda: desk.amend("o1", ALICE, quantity=6), InvalidOrder)
    desk.amend("o1", ALICE, quantity=7)
    assert bids(desk) == [(5_000, 1)]


def test_what_a_cut_order_had_put_aside_is_free_again_and_merges() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 10)
    desk.sell(BOB, 5_000, 10)  # Alice holds ten Yes
    desk.sell(ALICE, 6_000, 10)
    desk.amend("o3", ALICE, quantity=4)
    assert desk.free(ALICE) == [6, 0]
    assert desk.state.holding(ALICE).reserved == [4, 0]


@pytest.mark.parametrize(
    ("account", "terms", "refusal"),
    [
        (BOB, {"quantity": 5}, OrderNotFound),
        (ALICE, {}, InvalidOrder),
        (ALICE, {"price": 4_000}, InvalidOrder),
        (ALICE, {"new_expiry": True, "expires_us": 1}, InvalidOrder),
        (ALICE, {"quantity": 1_000}, InsufficientFunds),
    ],
)
def test_a_refused_amendment_changes_nothing(account: int, terms: dict[str, int], refusal: type[Exception]) -> None:
    desk = Desk()
    desk.buy(ALICE, 4_000, 10)
    assert not desk.attempt(lambda: desk.amend("o1", account, **terms), refusal)


def test_a_post_only_order_stays_one() -> None:
    desk = Desk()
    desk.sell(BOB, 6_000, 4)
    desk.buy(ALICE, 5_000, 10, post_only=True)
    assert not desk.attempt(lambda: desk.amend("o2", ALICE, price=6_000), WouldTake)


def test_a_reduce_only_order_gives_up_what_is_held_and_no_more() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 10)
    desk.sell(BOB, 5_000, 10)
    desk.buy(CAROL, 4_000, 6)
    data = desk.sell(ALICE, 4_000, 25, reduce_only=True)
    assert fills(data) == [(CAROL, 4_000, 6)]
    assert (data["rest"], data["rest_stock"], data["cancelled"]) == (4, 4, 15)
    assert offers(desk) == [(4_000, 4)]
    assert desk.reserved[ALICE] == 0


def test_without_a_position_there_is_nothing_to_reduce() -> None:
    desk = Desk()
    assert not desk.attempt(lambda: desk.sell(ALICE, 5_000, 1, reduce_only=True), NothingToReduce)
    desk.mint(ALICE, 3)
    desk.sell(ALICE, 5_000, 3)  # all of its Yes is promised already
    assert not desk.attempt(lambda: desk.sell(ALICE, 5_100, 1, reduce_only=True), NothingToReduce)


def test_buying_no_reduces_yes() -> None:
    desk = Desk()
    desk.buy(ALICE, 5_000, 10)
    desk.sell(BOB, 5_000, 10)
    data = desk.buy(ALICE, 5_500, 12, outcome=1, reduce_only=True)
    assert (data["rest"], data["rest_stock"], data["cancelled"]) == (10, 10, 2)


def test_a_budget_is_spent_to_the_last_contract_it_covers_fees_included() -> None:
    desk = Desk(taker_fee_bps=100)
    desk.sell(BOB, 4_000, 5)
    desk.sell(CAROL, 5_000, 50)
    data = desk.order(ALICE, "buy", 0, 9_999, 1, is_market=True, time_in_force="ioc", budget_units=40_200)
    # 5 x 4,000 and 3 x 5,000 make 35,000; the fee is 1% of 2,400 x 5 + 2,500 x 3; a ninth contract would need 5,025 more.
    assert fills(data) == [(BOB, 4_000, 5), (CAROL, 5_000, 3)]
    assert sum(fill["taker_fee"] for fill in data["fills"]) == 195
    assert data["order"]["quantity"] == 8
    assert data["rest"] == data["cancelled"] == 0


def test_a_budget_too_small_for_one_contract_is_refused() -> None:
    desk = Desk()
    desk.sell(BOB, 4_000, 5)
    assert not desk.attempt(
        lambda: desk.order(ALICE, "buy", 0, 9_999, 1, is_market=True, time_in_force="ioc", budget_units=3_999),
        Unfillable,
    )


def test_a_budget_buys_from_the_house_up_to_what_it_covers() -> None:
    desk = Desk(liquidity=100)
    data = desk.order(ALICE, "buy", 1, 9_999, 1, is_market=True, time_in_force="ioc", budget_units=100_000)
    (fill,) = data["fills"]
    spent = 10_000 * fill["quantity"] - fill["value"]  # No is sold as the complement of Yes
    assert fill["maker_order"] is None
    assert spent <= 100_000
    one_more = Desk(liquidity=100).buy(ALICE, 9_999, fill["quantity"] + 1, outcome=1)["fills"][0]
    assert 10_000 * one_more["quantity"] - one_more["value"] > 100_000


def test_a_maker_earns_its_rebate_out_of_the_takers_fee() -> None:
    desk = Desk(taker_fee_bps=100, maker_fee_bps=-40)
    desk.buy(ALICE, 5_000, 10)
    assert desk.reserved[ALICE] == 50_000
    (fill,) = desk.sell(BOB, 5_000, 10)["fills"]
    assert (fill["taker_fee"], fill["maker_fee"]) == (250, -100)
    assert desk.cash[ALICE] == 1_000_000 - 50_000 + 100

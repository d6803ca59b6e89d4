"""Matching by example: settlements, priority, fees, the house. A set pays 10,000 units; traders start with 1,000,000."""

import pytest

from tests.engine.desk import ALICE, BOB, CAROL, DAVE, ESCROW, FEES, HOUSE, Desk, bids, fills, offers

START = 1_000_000


def holding_yes(desk: Desk, account: int, contracts: int) -> None:
    """Give an account Yes contracts and nothing else; Dave takes the other side. Costs it 5,000 each."""
    desk.sell(DAVE, 5_000, contracts)
    desk.buy(account, 5_000, contracts)


def holding_no(desk: Desk, account: int, contracts: int) -> None:
    """Give an account No contracts and nothing else; Dave takes the other side. Costs it 5,000 each."""
    desk.buy(DAVE, 5_000, contracts)
    desk.sell(account, 5_000, contracts)


def test_a_buyer_and_a_short_seller_mint_sets() -> None:
    desk = Desk()
    desk.buy(ALICE, 6_000, 10)
    desk.sell(BOB, 6_000, 10)
    assert desk.cash[ALICE] == START - 60_000
    assert desk.cash[BOB] == START - 40_000
    assert desk.cash[ESCROW] == 100_000
    assert (desk.free(ALICE), desk.free(BOB)) == ([10, 0], [0, 10])


def test_a_seller_with_stock_transfers_it_to_the_buyer() -> None:
    desk = Desk()
    holding_yes(desk, BOB, 10)
    desk.buy(ALICE, 6_000, 10)
    desk.sell(BOB, 6_000, 10)
    assert desk.cash[ALICE] == START - 60_000
    assert desk.cash[BOB] == START - 50_000 + 60_000
    assert desk.cash[ESCROW] == 100_000
    assert (desk.free(ALICE), desk.free(BOB)) == ([10, 0], [0, 0])


def test_a_buyer_with_baskets_takes_them_to_a_short_seller() -> None:
    desk = Desk()
    holding_no(desk, ALICE, 10)
    desk.buy(ALICE, 6_000, 10)
    desk.sell(BOB, 6_000, 10)
    assert desk.cash[ALICE] == START - 50_000 + 40_000
    assert desk.cash[BOB] == START - 40_000
    assert desk.cash[ESCROW] == 100_000
    assert (desk.free(ALICE), desk.free(BOB)) == ([0, 0], [0, 10])


def test_baskets_and_stock_merge_and_leave_the_escrow() -> None:
    desk = Desk()
    holding_no(desk, ALICE, 10)
    holding_yes(desk, BOB, 10)
    escrow = desk.cash[ESCROW]
    desk.buy(ALICE, 6_000, 10)
    desk.sell(BOB, 6_000, 10)
    assert desk.cash[ALICE] == START - 50_000 + 40_000
    assert desk.cash[BOB] == START - 50_000 + 60_000
    assert desk.cash[ESCROW] == escrow - 100_000
    assert (desk.free(ALICE), desk.free(BOB)) == ([0, 0], [0, 0])


def test_one_match_can_need_all_four_settlements() -> None:
    desk = Desk()
    holding_no(desk, ALICE, 6)
    holding_yes(desk, BOB, 4)
    desk.buy(ALICE, 6_000, 10)
    data = desk.sell(BOB, 6_000, 10)
    (fill,) = data["fills"]
    assert (fill["maker_stock"], fill["taker_stock"]) == (6, 4)
    assert (desk.free(ALICE), desk.free(BOB)) == ([4, 0], [0, 6])


def test_selling_one_of_three_outcomes_short_leaves_one_of_each_other() -> None:
    desk = Desk(outcomes=3)
    desk.buy(ALICE, 3_000, 5, outcome=1)
    desk.sell(BOB, 3_000, 5, outcome=1)
    assert (desk.free(ALICE), desk.free(BOB)) == ([0, 5, 0], [5, 0, 5])
    assert desk.cash[BOB] == START - 35_000


def test_complete_sets_become_cash_at_once() -> None:
    desk = Desk(outcomes=3)
    for outcome in range(3):
        desk.sell(BOB, 3_000, 5, outcome=outcome)
        desk.buy(ALICE, 3_000, 5, outcome=outcome)
    assert desk.free(ALICE) == [0, 0, 0]
    assert desk.cash[ALICE] == START - 3 * 15_000 + 50_000


def test_minted_sets_are_kept_until_an_order_uses_them() -> None:
    desk = Desk()
    desk.mint(ALICE, 10)
    assert desk.free(ALICE) == [10, 10]
    desk.sell(ALICE, 6_000, 4)
    assert (desk.free(ALICE), desk.reserved[ALICE]) == ([6, 10], 0)
    desk.cancel("o1")
    assert desk.free(ALICE) == [6, 6]
    assert desk.cash[ALICE] == START - 60_000


def test_fees_on_contracts_put_aside_come_out_of_their_proceeds() -> None:
    desk = Desk(maker_fee_bps=1_000)
    holding_yes(desk, ALICE, 4)
    desk.sell(ALICE, 6_000, 4)
    assert desk.reserved[ALICE] == 0
    desk.sell(ALICE, 6_000, 1)
    assert desk.reserved[ALICE] == 4_000 + 240


def test_the_best_price_trades_first_and_the_earliest_at_a_price() -> None:
    desk = Desk()
    desk.sell(ALICE, 5_200, 5)
    desk.sell(BOB, 5_100, 5)
    desk.sell(CAROL, 5_100, 5)
    assert fills(desk.buy(DAVE, 5_200, 12)) == [(BOB, 5_100, 5), (CAROL, 5_100, 5), (ALICE, 5_200, 2)]
    assert offers(desk) == [(5_200, 3)]


def test_a_partly_filled_order_keeps_its_place() -> None:
    desk = Desk()
    desk.sell(ALICE, 5_100, 5)
    desk.sell(BOB, 5_100, 5)
    desk.buy(DAVE, 5_100, 2)
    assert fills(desk.buy(DAVE, 5_100, 4)) == [(ALICE, 5_100, 3), (BOB, 5_100, 1)]


@pytest.mark.parametrize(
    ("side", "outcome", "price", "bid", "offer"),
    [
        ("buy", 0, 6_000, [(6_000, 5)], []),
        ("sell", 0, 6_000, [], [(6_000, 5)]),
        ("buy", 1, 6_000, [], [(4_000, 5)]),
        ("sell", 1, 6_000, [(4_000, 5)], []),
    ],
)
def test_two_outcomes_share_one_book(
    side: str, outcome: int, price: int, bid: list[tuple[int, int]], offer: list[tuple[int, int]]
) -> None:
    desk = Desk()
    desk.order(ALICE, side, outcome, price, 5)
    assert (bids(desk), offers(desk)) == (bid, offer)


def test_buyers_of_yes_and_of_no_meet_when_their_prices_make_up_a_set() -> None:
    desk = Desk()
    desk.buy(ALICE, 6_000, 5, outcome=0)
    assert fills(desk.buy(BOB, 3_900, 5, outcome=1)) == []
    assert fills(desk.buy(CAROL, 4_200, 5, outcome=1)) == [(ALICE, 6_000, 5)]
    assert desk.cash[CAROL] == START - 5 * 4_000
    assert (desk.free(ALICE), desk.free(CAROL)) == ([5, 0], [0, 5])


@pytest.mark.parametrize(
    ("taker_bps", "price", "clips"), [(100, 5_000, [1] * 10), (70, 3_333, [3, 1, 6]), (1, 9_999, [5, 5])]
)
def test_many_small_fills_cost_the_fee_of_one_large_one(taker_bps: int, price: int, clips: list[int]) -> None:
    in_clips, at_once = Desk(taker_fee_bps=taker_bps), Desk(taker_fee_bps=taker_bps)
    for clip in clips:
        in_clips.sell(ALICE, price, clip)
    at_once.sell(ALICE, price, sum(clips))
    for desk in (in_clips, at_once):
        desk.buy(BOB, price, sum(clips))
    assert in_clips.cash[FEES] == at_once.cash[FEES] == -(-taker_bps * price * (10_000 - price) * sum(clips) // 10**8)
    assert in_clips.cash[BOB] == at_once.cash[BOB]


def test_a_resting_order_pays_its_maker_fee_once_however_often_it_is_hit() -> None:
    desk = Desk(maker_fee_bps=30)
    desk.sell(ALICE, 3_333, 7)
    reserved = desk.reserved[ALICE]
    assert reserved == 7 * 6_667 + 47
    for _ in range(7):
        desk.buy(BOB, 3_333, 1)
    assert desk.cash[FEES] == 47  # ceil(0.003 x 3,333 x 6,667 x 7 / 10,000)
    assert (desk.reserved[ALICE], desk.cash[ALICE]) == (0, START - reserved)


def test_a_reserve_is_the_worst_case_and_returns_to_zero() -> None:
    desk = Desk()
    desk.buy(ALICE, 6_000, 10)
    assert desk.reserved[ALICE] == 60_000
    desk.sell(BOB, 6_000, 4)
    assert desk.reserved[ALICE] == 36_000
    desk.cancel("o1", account=ALICE)
    assert desk.reserved[ALICE] == 0


def test_contracts_on_offer_are_put_aside_before_cash_is() -> None:
    desk = Desk()
    holding_yes(desk, ALICE, 4)
    desk.sell(ALICE, 6_000, 10)
    assert desk.free(ALICE) == [0, 0]
    assert desk.state.holding(ALICE).reserved == [4, 0]
    assert desk.reserved[ALICE] == 6 * 4_000


def test_a_settled_market_pays_winners_and_returns_the_rest_of_the_subsidy() -> None:
    desk = Desk(liquidity=100)
    bought = desk.buy(ALICE, 9_900, 50, time_in_force="ioc")["fills"][0]
    desk.close()
    desk.settle([10_000, 0])
    assert desk.cash[ALICE] == START - bought["value"] + 500_000
    assert desk.cash[HOUSE] == 693_148 + bought["value"] - 500_000
    assert desk.cash[ESCROW] == 0


def test_a_better_order_trades_before_the_house_and_a_tie_goes_to_the_book() -> None:
    desk = Desk(liquidity=100)
    desk.sell(BOB, 5_300, 5)
    house, book, house_again = fills(desk.buy(ALICE, 5_500, 22, time_in_force="ioc"))
    assert house[0] == HOUSE
    assert house[1] < 5_300
    assert book == (BOB, 5_300, 5)
    assert house_again[0] == HOUSE
    assert house_again[1] > 5_300


def test_the_house_opens_at_its_prior() -> None:
    desk = Desk(outcomes=3, liquidity=1_000, prior_units=[7_000, 2_000, 1_000])
    assert desk.state.last_prices == [7_000, 2_000, 1_000]
    assert fills(desk.sell(ALICE, 6_900, 1, time_in_force="ioc")) == [(HOUSE, 6_998, 1)]

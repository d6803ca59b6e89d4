"""Scores in the database against Polymarket's formula, written out in fractions, order by order."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from random import Random

import pytest

from markets.rewards.models import RewardCampaign, RewardSample, RewardScore
from markets.rewards.sampling import SHARE_SCALE, sample_books
from markets.trading.models import Order
from opinion_market.kernel import clock
from tests.api_markets.venue import Venue

CAMPAIGN = {"name": "Quotes", "budget": 36_000, "max_distance": 400, "min_size": 5, "hours": 3}


def campaign_in(venue: Venue, **given: object) -> RewardCampaign:
    body = {"organization": venue.organization.slug, **CAMPAIGN, **given}
    return RewardCampaign.objects.get(pk=venue.chief.post("reward-campaigns", body, expected=201)["id"])


def quoted(price: int, mid: Fraction, reach: int) -> Fraction:
    """S(v, s) with b = 1."""
    distance = abs(price - mid)
    return ((reach - distance) / reach) ** 2 if distance < reach else Fraction(0)


def expected_shares(campaign: RewardCampaign, outcomes: dict[object, int]) -> dict[int, Fraction]:
    """Each account's part of all Q. For two outcomes, m' is the complement: a bid there is an offer on m at 1 - p."""
    books: dict[tuple[object, int], list[tuple[int, bool, int, int]]] = defaultdict(list)
    for order in Order.objects.filter(market__in=outcomes, status="open"):
        size = order.quantity - order.filled_quantity - order.cancelled_quantity
        if size < campaign.min_size_contracts:
            continue
        outcome, is_bid, price = order.outcome, order.side == "buy", order.price_units
        if outcomes[order.market_id] == 2 and outcome == 1:
            outcome, is_bid, price = 0, not is_bid, 10_000 - price
        books[order.market_id, outcome].append((order.account_id, is_bid, price, size))
    totals: dict[int, Fraction] = defaultdict(Fraction)
    for orders in books.values():
        bids, offers = ([o[2] for o in orders if o[1] is side] for side in (True, False))
        if not bids or not offers:
            continue
        mid = Fraction(max(bids) + min(offers), 2)
        for account in {order[0] for order in orders}:
            one, two = (
                sum(size * quoted(price, mid, campaign.max_distance_units) for who, is_bid, price, size in orders
                    if who == account and is_bid is side)
                for side in (True, False)
            )  # fmt: skip
            both = min(one, two)
            totals[account] += max(both, Fraction(max(one, two)) / 3) if 1_000 <= mid <= 9_000 else both
    whole = sum(totals.values())
    return {account: value / whole for account, value in totals.items() if value}


@pytest.mark.parametrize("centre", [5_000, 700, 9_400])
@pytest.mark.parametrize("seed", [1, 2])
def test_shares_are_polymarkets(venue, centre, seed):
    rng = Random(seed)
    two = venue.market(category="Weather")
    three = venue.market(category="Weather", kind="categorical", outcomes=["Red", "Green", "Blue"], is_exhaustive=True)
    other = venue.market(category="Sport")
    traders = [venue.trader(credits=20_000) for _ in range(4)]
    for market, outcomes in ((two, 2), (three, 3), (other, 2)):
        for _ in range(25):
            outcome, buys = rng.randrange(outcomes), rng.random() < 0.5
            mid = 10_000 - centre if outcomes == 2 and outcome == 1 else centre
            price = mid + (-1 if buys else 1) * rng.randint(1, 450)
            rng.choice(traders).client.post(
                f"/api/v1/markets/{market}/orders",
                {"outcome": outcome, "side": "buy" if buys else "sell", "price": price, "quantity": rng.randint(1, 40),
                 "type": "limit", "post_only": True},
                format="json",
            )  # fmt: skip
    campaign = campaign_in(venue, category="Weather")
    assert sample_books(now=clock.now()) == 1
    found = dict(RewardScore.objects.filter(sample__campaign=campaign).values_list("account", "share"))
    markets = {
        market.pk: len(market.price_units) for market in campaign.organization.markets.filter(category="Weather")
    }
    expected = expected_shares(campaign, markets)
    assert expected
    assert found == {account: int(share * SHARE_SCALE) for account, share in expected.items()}


def test_a_minute_is_sampled_once(venue):
    market, ann = venue.market(), venue.trader()
    campaign = campaign_in(venue, market=market)
    now = campaign.starts_at + timedelta(seconds=70)
    ann.order(market, price=4_900)
    ann.order(market, side="sell", price=5_100)
    assert sample_books(now=now) == 1
    venue.trader().order(market, price=4_950)
    assert sample_books(now=now + timedelta(seconds=9)) == 0
    assert sample_books(now=now + timedelta(minutes=1)) == 1
    first, second = RewardSample.objects.filter(campaign=campaign).order_by("sampled_at")
    assert list(first.scores.values_list("share", flat=True)) == [SHARE_SCALE]
    assert second.scores.count() == 2


@pytest.mark.parametrize("case", ["one side", "small", "far", "halted", "expired", "over"])
def test_what_does_not_count_scores_nothing(venue, case):
    market, ann = venue.market(), venue.trader()
    campaign = campaign_in(venue, market=market)
    at = campaign.starts_at + timedelta(seconds=61)
    terms: dict[str, object] = {"quantity": 4} if case == "small" else {}
    if case == "expired":
        terms = {"time_in_force": "gtd", "expires_at": (clock.now() + timedelta(seconds=1)).isoformat()}
        at += timedelta(minutes=2)
    ann.order(market, price=4_500 if case == "far" else 4_900, **terms)
    if case != "one side":
        ann.order(market, side="sell", price=5_500 if case == "far" else 5_100, **terms)
    if case == "halted":
        venue.chief.post(f"markets/{market}/halt", {"reason": "Storm"})
    if case == "over":
        at = campaign.ends_at
    assert sample_books(now=at) == (case != "over")
    assert not RewardScore.objects.filter(sample__campaign=campaign).exists()

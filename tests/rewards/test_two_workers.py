"""Several workers run the same campaigns at once, beside traders and staff who move the same money."""

from datetime import timedelta

import pytest

from markets.ledger.models import Account
from markets.rewards.models import RewardCampaign, RewardPayout, RewardSample
from markets.rewards.rounds import run_campaigns
from markets.rewards.services import CampaignDraft, create_campaign, stop_campaign
from markets.trading import services as trading
from markets.trading.services import OrderRequest
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError
from tests.concurrency.arena import Arena, assert_books_hold, make_arena
from tests.concurrency.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")


def begin(arena: Arena, *, hours: int = 4, budget_units: int = 40_003) -> RewardCampaign:
    draft = CampaignDraft(
        name="Quotes", market_id=arena.markets[0].pk, category="", budget_units=budget_units, max_distance_units=500,
        min_size_contracts=1, hours=hours,
    )  # fmt: skip
    return create_campaign(actor=arena.staff[0], organization_id=arena.organization.pk, draft=draft, now=clock.now())


def quote(arena: Arena, trader: int, size: int) -> None:
    for side, price in (("buy", 4_900), ("sell", 5_100)):
        request = OrderRequest(outcome=0, side=side, price=price, quantity=size)
        trading.place_order(
            actor=arena.traders[trader], market_id=arena.markets[0].pk, request=request, now=clock.now()
        ).unwrap()


def test_each_minute_is_sampled_and_each_hour_paid_once():
    arena = make_arena(traders=3, markets=1)
    for trader in range(3):
        quote(arena, trader, 5 + trader)
    campaign = begin(arena)
    moments = [campaign.starts_at + timedelta(minutes=20 * step) for step in range(14)]

    def worker() -> None:
        for moment in moments:
            run_campaigns(now=moment)

    def trade() -> None:
        for _ in range(30):
            quote(arena, 0, 1)
            arena.deposit(arena.traders[1], 7)

    at_once([worker, worker, worker, trade])
    campaign.refresh_from_db()
    assert (campaign.state, campaign.hours_paid, campaign.paid_units) == ("finished", 4, 40_003)
    assert RewardSample.objects.filter(campaign=campaign).count() == 12
    paid = list(RewardPayout.objects.filter(hour__campaign=campaign).values_list("units", flat=True))
    assert (len(paid), sum(paid)) == (12, 40_003)
    assert Account.objects.get(pk=campaign.account_id).balance_units == 0
    assert_books_hold(arena)


def test_stopped_by_several_at_once_it_is_stopped_once():
    arena = make_arena(traders=2, markets=1)
    quote(arena, 0, 5)
    campaign = begin(arena)
    run_campaigns(now=campaign.starts_at)
    later = campaign.starts_at + timedelta(minutes=150)

    def stop() -> str:
        try:
            stop_campaign(actor=arena.staff[0], campaign_id=campaign.pk, reason="Enough", now=later)
        except DomainError as refused:
            return refused.code
        return "stopped"

    said = at_once([stop, stop, stop])
    assert sorted(said) == ["campaign_ended", "campaign_ended", "stopped"]
    campaign.refresh_from_db()
    assert campaign.paid_units == 10_000  # only the first hour had a sample
    assert campaign.paid_units + campaign.returned_units == campaign.budget_units
    assert_books_hold(arena)

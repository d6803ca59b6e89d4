"""A campaign from its offer to its end: what is paid, to whom, once; and what returns to the subsidy."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry

from markets.audit import checks, report
from markets.ledger.models import Account, Posting
from markets.rewards.models import RewardCampaign, RewardPayout
from markets.rewards.rounds import purge_samples, run_campaigns
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from tests.api_markets.venue import CREDIT, Venue
from tests.rewards.test_sampling import campaign_in

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def quote(person, market: str, size: int, distance: int = 100) -> None:
    person.order(market, price=5_000 - distance, quantity=size)
    person.order(market, side="sell", price=5_000 + distance, quantity=size)


def run(campaign: RewardCampaign, since: float, until: float, every: timedelta = MINUTE) -> None:
    """Let the scheduler come around from `since` to `until`, in hours after the start."""
    now = campaign.starts_at + since * HOUR
    while now <= campaign.starts_at + until * HOUR:
        run_campaigns(now=now)
        now += every


def subsidy(venue: Venue) -> int:
    return Account.objects.get(organization=venue.organization, kind="subsidy").balance_units


def events(campaign: RewardCampaign) -> list[str]:
    return [event.type for event in read_stream(f"campaign-{campaign.pk}")]


def assert_audited(venue: Venue) -> None:
    results = checks.run_all(organization_ids=[venue.organization.pk])
    assert all(result.passed for result in results), report.text(results, width=140)


def test_hour_by_hour_the_budget_goes_to_those_who_quote(venue):
    market, ann, bob, before = venue.market(), venue.trader(), venue.trader(), subsidy(venue)
    quote(ann, market, 30)
    campaign = campaign_in(venue, market=market, budget=36_001)
    assert subsidy(venue) == before - 36_001
    run(campaign, 0, 0.99)
    quote(bob, market, 10)
    run(campaign, 1, 1.99)
    assert ann.cash()["balance"] - 1_000 * CREDIT == 12_000
    run(campaign, 2, 3)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paid_units, campaign.returned_units) == ("finished", 36_001, 0)
    assert list(campaign.hours.order_by("hour").values_list("paid_units", flat=True)) == [12_000, 12_000, 12_001]
    # Three parts to one for the two hours that both quoted in.
    assert ann.cash()["balance"] - 1_000 * CREDIT == 12_000 + 9_000 + 9_001
    assert bob.cash()["balance"] - 1_000 * CREDIT == 3_000 + 3_000
    assert campaign.account.balance_units + campaign.paid_units == campaign.budget_units
    assert events(campaign) == ["CampaignCreated", "CampaignStarted", *["RewardsPaid"] * 3, "CampaignFinished"]
    assert_audited(venue)


def test_an_hour_in_which_nobody_quotes_stays_and_returns_at_the_end(venue):
    market, ann, before = venue.market(), venue.trader(), subsidy(venue)
    campaign = campaign_in(venue, market=market, budget=30_000)
    run(campaign, 0, 1.5)
    quote(ann, market, 10)
    run(campaign, 1.5, 1.99)
    ann.delete("orders")
    run(campaign, 2, 3)
    campaign.refresh_from_db()
    assert [hour.paid_units for hour in campaign.hours.order_by("hour")] == [0, 10_000, 0]
    assert (campaign.returned_units, subsidy(venue)) == (20_000, before - 10_000)
    assert campaign.account.balance_units == 0
    assert_audited(venue)


def test_missed_hours_are_caught_up_once(venue):
    market, ann = venue.market(), venue.trader()
    quote(ann, market, 10)
    campaign = campaign_in(venue, market=market, budget=30_000)
    for minutes in (1, 61, 121):  # the worker was up for a minute of each hour, and down at every hour's end
        run_campaigns(now=campaign.starts_at + minutes * MINUTE)
    for _ in range(3):
        run_campaigns(now=campaign.starts_at + 50 * HOUR)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.hours_paid, campaign.paid_units) == ("finished", 3, 30_000)
    assert ann.cash()["balance"] - 1_000 * CREDIT == 30_000
    assert Posting.objects.filter(account=campaign.account, reason="reward").count() == 3


def test_the_same_moment_twice_pays_once(venue):
    market, ann = venue.market(), venue.trader()
    quote(ann, market, 10)
    campaign = campaign_in(venue, market=market)
    run(campaign, 0, 1)
    paid = RewardPayout.objects.filter(hour__campaign=campaign).count()
    run(campaign, 1, 1)
    assert paid == 1 == RewardPayout.objects.filter(hour__campaign=campaign).count()


def test_a_campaign_starts_by_itself_when_its_time_comes(venue):
    market, before = venue.market(), subsidy(venue)
    soon = (clock.now() + HOUR).replace(second=0, microsecond=0)
    campaign = campaign_in(venue, market=market, budget=30_000, starts_at=soon.isoformat())
    run_campaigns(now=soon - MINUTE)
    assert subsidy(venue) == before
    run_campaigns(now=soon)
    campaign.refresh_from_db()
    assert (campaign.state, subsidy(venue)) == ("running", before - 30_000)


def test_one_that_cannot_be_funded_when_it_is_to_start_is_stopped(venue):
    market, held = venue.market(), subsidy(venue)
    soon = (clock.now() + HOUR).replace(second=0, microsecond=0)
    campaign = campaign_in(venue, market=market, budget=held, starts_at=soon.isoformat())
    campaign_in(venue, market=market, budget=30_000)
    run_campaigns(now=soon)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.account) == ("stopped", None)
    assert "did not cover" in campaign.end_reason
    assert subsidy(venue) == held - 30_000
    body = {"organization": venue.organization.slug, "name": "x", "market": market, "budget": held, "max_distance": 9,
            "hours": 1}  # fmt: skip
    assert venue.chief.refused("post", "reward-campaigns", body) == (409, "insufficient_subsidy")


def test_stopped_it_pays_the_running_hour_in_part(venue, monkeypatch):
    market, ann, before = venue.market(), venue.trader(), subsidy(venue)
    quote(ann, market, 10)
    campaign = campaign_in(venue, market=market, budget=30_000)
    run(campaign, 0, 0.4)
    moment = campaign.starts_at + 90 * MINUTE
    run_campaigns(now=campaign.starts_at + 61 * MINUTE)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert venue.chief.refused("post", f"reward-campaigns/{campaign.pk}/stop") == (422, "reason_required")
    stopped = venue.chief.post(f"reward-campaigns/{campaign.pk}/stop", {"reason": "Enough"}, expected=200)
    assert (stopped["state"], stopped["paid"], stopped["returned"]) == ("stopped", 15_000, 15_000)
    assert subsidy(venue) == before - 15_000
    again = venue.chief.refused("post", f"reward-campaigns/{campaign.pk}/stop", {"reason": "x"})
    assert again == (409, "campaign_ended")
    deed = LogEntry.objects.get(object_pk=str(campaign.pk))
    assert (deed.changes["reason"][1], deed.actor) == ("Enough", venue.chief.user)
    assert events(campaign)[-1] == "CampaignStopped"
    assert_audited(venue)


def test_everybody_sees_the_shares_and_their_own_but_not_whose_they_are(venue, anybody):
    market, ann, bob = venue.market(is_public=True), venue.trader(), venue.trader()
    quote(ann, market, 30)
    quote(bob, market, 10)
    campaign = campaign_in(venue, market=market, budget=30_000)
    run_campaigns(now=clock.now())
    shown = bob.get(f"reward-campaigns/{campaign.pk}")["running_hour"]
    assert (shown["hour"], shown["budget"], shown["participants"]) == (0, 10_000, 2)
    assert shown["shares"] == [
        {"rank": 1, "share_ppm": 750_000, "units": 7_500, "is_yours": False},
        {"rank": 2, "share_ppm": 250_000, "units": 2_500, "is_yours": True},
    ]
    for_all = anybody.get(f"reward-campaigns/{campaign.pk}")["running_hour"]["shares"]
    assert [share["is_yours"] for share in for_all] == [False, False]
    [score] = ann.get("rewards/scores")["scores"]
    assert (score["campaign"], score["share_ppm"], score["units"]) == (str(campaign.pk), 750_000, 7_500)
    run_campaigns(now=campaign.starts_at + HOUR)
    [payout] = bob.get("rewards")["results"]
    assert (payout["units"], payout["hour"], payout["campaign_name"]) == (2_500, 0, "Quotes")
    [entry] = bob.get("account/entries", reason="reward")["results"]
    assert (entry["units"], entry["event_position"]) == (2_500, payout["event_position"])
    assert entry["stream"] == f"campaign-{campaign.pk}"
    assert ann.get("rewards", campaign=str(venue.organization.pk))["results"] == []


def test_tenants_do_not_meet(venue, elsewhere, anybody):
    market = venue.market(category="Weather")
    theirs = elsewhere.market(category="Weather")
    stranger = elsewhere.trader()
    quote(stranger, theirs, 10)
    campaign = campaign_in(venue, category="Weather")
    run_campaigns(now=clock.now())
    assert RewardCampaign.objects.get(pk=campaign.pk).samples.get().scores.count() == 0
    for person in (stranger, anybody):
        assert person.refused("get", f"reward-campaigns/{campaign.pk}") == (404, "campaign_not_found")
        assert person.get("reward-campaigns")["results"] == []
    assert venue.trader().get("reward-campaigns", state="running")["results"][0]["id"] == str(campaign.pk)
    stop = f"reward-campaigns/{campaign.pk}/stop"
    assert elsewhere.chief.refused("post", stop, {"reason": "x"}) == (404, "campaign_not_found")
    assert venue.trader().refused("post", stop, {"reason": "x"})[0] == 403
    assert venue.member("analyst").refused("post", stop, {"reason": "x"})[0] == 403
    body = {"organization": elsewhere.organization.slug, "name": "x", "market": market, "budget": 9, "hours": 1,
            "max_distance": 9}  # fmt: skip
    assert elsewhere.chief.refused("post", "reward-campaigns", body) == (422, "invalid_campaign")
    assert venue.chief.refused("post", "reward-campaigns", body)[0] == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": ""},
        {"category": "Weather", "market": "set"},
        {"category": "Weather", "budget": 2},
        {"category": "Weather", "starts_at": "2020-01-01T00:00:00Z"},
        {"category": "Weather", "starts_at": "2030-01-01T00:00:30Z"},
        {"category": "Weather", "max_distance": 0},
    ],
)
def test_what_contradicts_itself_is_refused_and_costs_nothing(venue, wrong):
    before = subsidy(venue)
    if "market" in wrong:
        wrong = {**wrong, "market": venue.market()}
    body = {"organization": venue.organization.slug, "name": "Quotes", "budget": 900, "hours": 3, "max_distance": 100,
            "min_size": 1, **wrong}  # fmt: skip
    assert venue.chief.refused("post", "reward-campaigns", body)[0] == 422
    assert (subsidy(venue), RewardCampaign.objects.count()) == (before, 0)


def test_a_repeated_request_makes_one_campaign(venue):
    body = {"organization": venue.organization.slug, "name": "Quotes", "budget": 900, "hours": 3, "max_distance": 100,
            "category": "Weather"}  # fmt: skip
    first = venue.chief.post("reward-campaigns", body, key="k")
    assert venue.chief.post("reward-campaigns", body, key="k") == first
    assert RewardCampaign.objects.count() == 1


def test_scores_are_forgotten_a_month_after_their_hour_was_decided(venue):
    market, ann = venue.market(), venue.trader()
    quote(ann, market, 10)
    campaign = campaign_in(venue, market=market)
    run(campaign, 0, 1)
    assert campaign.samples.count() == 61
    assert purge_samples(now=campaign.starts_at + timedelta(days=30, minutes=30)) == 30
    assert purge_samples(now=campaign.starts_at + timedelta(days=90)) == 30
    assert campaign.samples.get().scores.count() == 1  # its hour is not decided
    assert RewardPayout.objects.filter(hour__campaign=campaign).count() == 1

"""Kept answers are for those who may see them: the question is asked anew before each, and people stay hidden."""

from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser

from governance.access.policies import access_of
from governance.organizations.models import Membership, Organization
from markets.lifecycle.glance import glance
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import markets_visible_to
from markets.trading.errors import MarketNotFound
from tests.api_markets.venue import Venue
from tests.governance.people import a_user

READS = ["", "/book", "/prices"]


@pytest.fixture
def venue(db: None) -> Venue:
    return Venue()


def test_a_glance_sees_what_the_lists_show(venue):
    """Whoever calls, whatever the market is: one rule, in SQL for lists and here for one market."""
    market = Market.objects.get(pk=venue.draft())
    callers = [venue.member(role).user for role in ("", "viewer", "auditor", "manager", "admin")]
    inactive = venue.member("admin").user
    inactive.is_active = False
    inactive.save()
    callers += [Venue().chief.user, a_user(), a_user(superuser=True), inactive, AnonymousUser()]
    seen = []
    payout = [10_000, 0]
    for status, is_public, is_active in product(Market.Status.values, [True, False], [True, False]):
        Market.objects.filter(pk=market.pk).update(status=status, is_public=is_public, payout_units=payout)
        Organization.objects.filter(pk=market.organization_id).update(is_active=is_active)
        for caller in callers:
            access = access_of(caller)
            expected = markets_visible_to(access).filter(pk=market.pk).exists()
            try:
                found = glance(caller, market.pk)
            except MarketNotFound:
                assert not expected, (status, is_public, is_active, caller)
            else:
                assert expected, (status, is_public, is_active, caller)
                assert found.shows_people == access.has("markets.read", market.organization_id)
            seen.append(expected)
    assert True in seen
    assert False in seen


@pytest.mark.parametrize("read", READS)
def test_a_member_warming_an_answer_opens_it_to_nobody_else(venue, read):
    elsewhere, market, ann = Venue(), venue.market(), venue.trader()
    path = f"/api/v1/markets/{market}{read}"
    tag = ann.client.get(path)["ETag"]
    for stranger in (elsewhere.chief, elsewhere.trader(), elsewhere.member("auditor")):
        assert stranger.client.get(path).status_code == 404
        for sent in (tag, "*"):
            assert stranger.client.get(path, headers={"If-None-Match": sent}).status_code == 404
    Membership.objects.filter(user=ann.user).delete()
    assert ann.client.get(path).status_code == 404


def test_pages_hold_each_tenants_own_markets_whoever_asked_before(venue):
    elsewhere = Venue()
    ours, theirs = venue.market(), elsewhere.market()
    public = elsewhere.market(is_public=True)
    for _ in range(2):
        assert {each["id"] for each in venue.trader().get("markets")["results"]} == {ours, public}
        assert {each["id"] for each in elsewhere.trader().get("markets")["results"]} == {theirs, public}


def test_the_people_behind_a_market_are_shown_to_those_who_may_know_them_only(venue):
    market = venue.market(is_public=True)
    stranger, trader, auditor = Venue().chief, venue.trader(), venue.member("auditor")
    creator = str(venue.chief.user.pk)
    for reader, expected in [(auditor, creator), (trader, None), (stranger, None), (auditor, creator), (trader, None)]:
        assert reader.get(f"markets/{market}")["created_by"] == expected
        (listed,) = [each for each in reader.get("markets")["results"] if each["id"] == market]
        assert listed["created_by"] == expected


def test_a_new_name_of_the_organization_is_shown_at_once(venue):
    market, ann = venue.market(), venue.trader()
    assert ann.get(f"markets/{market}")["organization_slug"] == venue.organization.slug
    Organization.objects.filter(pk=venue.organization.pk).update(slug="renamed")
    assert ann.get(f"markets/{market}")["organization_slug"] == "renamed"
    assert {each["organization_slug"] for each in ann.get("markets")["results"]} == {"renamed"}

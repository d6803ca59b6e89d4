"""The demonstration shows every state and every role, and is made only once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from governance.access.catalogue import ROLES
from governance.identity.models import User
from governance.organizations.models import Membership, Organization
from markets.audit.checks import run_all
from markets.audit.replay import replay_markets
from markets.lifecycle.models import Market, MarketGroup
from markets.rewards.models import RewardCampaign
from markets.simulation.tenants import TENANTS
from markets.trading import services as trading
from markets.trading.selectors import seats
from markets.trading.services import OrderRequest
from opinion_market.eventstore.models import Event
from opinion_market.kernel import clock

pytestmark = pytest.mark.xdist_group("demonstration")


def test_every_state_and_kind_and_mechanism_is_shown(seeded: User) -> None:
    markets = Market.objects.filter(organization__slug__startswith="demo-")
    passing = {Market.Status.FINALIZED}  # settlement follows in the same transaction
    assert {market.status for market in markets} == set(Market.Status) - passing
    trading_now = markets.filter(status=Market.Status.OPEN)
    assert {(market.kind, market.house_liquidity > 0) for market in trading_now} == {
        (kind, house) for kind in Market.Kind.values for house in (True, False)
    }
    assert all(market.trade_sequence for market in trading_now)


def test_every_role_is_held_and_no_demonstration_user_can_sign_in(seeded: User) -> None:
    names = [name for tenant in TENANTS for name in tenant.people]
    assert {member.role for member in Membership.objects.filter(user__username__in=names)} == {*ROLES, ""}
    assert not any(user.has_usable_password() for user in User.objects.filter(username__in=names))


def test_the_tenants_do_not_see_one_another(seeded: User) -> None:
    harbour, alder = (User.objects.get(username=tenant.username(next(iter(tenant.traders)))) for tenant in TENANTS)
    private = Market.objects.filter(organization__slug="demo-alder")
    assert not private.filter(is_public=True).exists()
    ids = set(private.values_list("pk", flat=True))
    assert seats(user=harbour, market_ids=ids, now=clock.now()) == {}
    assert seats(user=alder, market_ids=ids, now=clock.now()).keys() == ids


def test_a_newcomers_first_order_as_administrator_works(seeded: User) -> None:
    market = Market.objects.filter(status=Market.Status.OPEN, organization__slug="demo-harbour").first()
    assert market is not None
    request = OrderRequest(outcome=0, side="buy", quantity=20, price=5_300, client_order_id="my-first")
    placed = trading.place_order(actor=seeded, market_id=market.pk, request=request, now=clock.now()).unwrap()
    assert placed["filled_quantity"] + placed["remaining_quantity"] == 20


def test_all_invariants_hold_in_the_demonstration(seeded: User) -> None:
    ids = list(Organization.objects.filter(slug__startswith="demo-").values_list("pk", flat=True))
    results = run_all(organization_ids=ids) + replay_markets(organization_ids=ids, now=clock.now())
    assert [result for result in results if not result.passed] == []


def test_seeding_again_changes_nothing(seeded: User) -> None:
    events = Event.objects.count()
    out = StringIO()
    call_command("seed_demo", stdout=out)
    assert out.getvalue().strip() == "unchanged"
    assert Event.objects.count() == events


def test_a_password_is_given_only_on_request_and_only_a_good_one(seeded: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("1234\n"))
    with pytest.raises(CommandError, match="too short"):
        call_command("seed_demo", "--password-stdin")
    monkeypatch.setattr("sys.stdin", StringIO("lighthouse-at-dusk\n"))
    call_command("seed_demo", "--password-stdin", stdout=StringIO())
    assert User.objects.get(username="harbour.viewer").check_password("lighthouse-at-dusk")


def test_a_group_and_a_running_campaign_are_shown(seeded: User) -> None:
    group = MarketGroup.objects.get(organization__slug="demo-harbour")
    assert set(group.markets.values_list("group_label", flat=True)) == {"April", "May", "June"}
    assert all(market.trade_sequence for market in group.markets.all())
    campaign = RewardCampaign.objects.get(organization__slug="demo-harbour")
    assert campaign.state == RewardCampaign.State.RUNNING
    assert Market.objects.filter(category=campaign.category, status=Market.Status.OPEN).exists()

"""The console's pages for limits, for the kill switch and for reward campaigns."""

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from markets.ledger.models import Account
from markets.rewards.models import RewardCampaign
from markets.rewards.rounds import run_campaigns
from markets.rewards.timing import HOUR
from markets.trading.limit_models import LimitDefaults
from markets.trading.models import Order
from opinion_market.kernel import clock
from tests.console.scene import REASON, Exchange, client_of, page
from tests.governance.people import a_member, an_organization

pytestmark = pytest.mark.django_db


def account_of(user) -> Account:
    return Account.objects.get(owner=user)


def turn(staff, trader, deed, **given):
    address = page("markets_account_trading", account_of(trader).pk, deed)
    return client_of(staff).post(address, {"reason": REASON, **given})


def buttons(user, name, *args):
    return [link.title for link in client_of(user).get(page(name, *args)).context["deeds"]]


def test_an_account_is_blocked_with_a_reason_and_its_page_says_so():
    exchange = Exchange()
    manager, market = exchange.member("manager"), exchange.market()
    trader, _ = exchange.trade(market)
    account = account_of(trader)
    form = client_of(manager).get(page("markets_account_trading", account.pk, "block"))
    assert "1 open orders in 1 markets are cancelled, and 1.00 credits are released." in form.content.decode()
    assert "Block trading" in buttons(manager, "markets_account_change", account.pk)
    assert turn(manager, trader, "block", reason="").context["form"].errors["reason"]
    assert turn(manager, trader, "block").status_code == 302
    assert not Order.objects.filter(account=account, status="open").exists()
    body = client_of(manager).get(page("markets_account_change", account.pk)).content.decode()
    assert "blocked by staff" in body
    assert REASON in body
    assert turn(manager, trader, "block").status_code == 403
    listed = client_of(manager).get(page("markets_account_changelist"), {"blocked": "yes"}).context["cl"].result_list
    assert list(listed) == [account]
    assert turn(manager, trader, "release").status_code == 302
    account.refresh_from_db()
    assert account.blocked_at is None
    deeds = LogEntry.objects.filter(object_pk=str(account.pk), actor=manager).order_by("id")
    assert [deed.changes["deed"][1] for deed in deeds] == ["block of trading", "release of trading"]


def test_limits_are_set_for_an_account_a_market_and_an_organization():
    exchange = Exchange()
    manager, market, trader = exchange.member("manager"), exchange.market(), exchange.member()
    assert turn(manager, trader, "limits", position="40", orders="", value="12.5").status_code == 302
    account = account_of(trader)
    assert (account.max_position_contracts, account.max_open_orders) == (40, None)
    assert account.max_order_value_units == 125_000
    shown = client_of(manager).get(page("markets_account_trading", account.pk, "limits")).context["form"]
    assert (shown["position"].value(), shown["value"].value()) == (40, 12.5)
    figures = {"position": "30", "orders": "5", "quantity": "", "reason": REASON}
    response = client_of(manager).post(page("markets_market_limits", market.pk), figures)
    assert response.status_code == 302
    market.refresh_from_db()
    assert (market.position_limit_contracts, market.order_limit, market.order_quantity_limit) == (30, 5, None)
    assert "Limits" in buttons(manager, "markets_market_change", market.pk)
    whole = {**figures, "organization": str(exchange.organization.pk), "value": "100"}
    assert client_of(manager).post(page("markets_limitdefaults_add"), whole).status_code == 302
    defaults = LimitDefaults.objects.get()
    assert (defaults.order_limit, defaults.order_value_limit_units) == (5, 1_000_000)
    found = client_of(manager).get(page("markets_limitdefaults_change", defaults.pk))
    assert found.status_code == 200
    assert "100.00" in found.content.decode()
    again = client_of(manager).get(found.context["deeds"][0].link).context["form"]
    assert again["position"].value() == 30
    assert client_of(manager).get(page("markets_limitdefaults_changelist")).status_code == 200


def test_who_may_only_look_turns_nothing():
    exchange = Exchange()
    viewer, market, trader = exchange.member("viewer"), exchange.market(), exchange.member()
    stranger = a_member(an_organization(), "admin", staff=True)
    for deed in ("block", "limits"):
        assert turn(viewer, trader, deed).status_code == 403
        assert turn(stranger, trader, deed).status_code == 404
    limits = page("markets_market_limits", market.pk)
    assert client_of(viewer).post(limits, {"reason": REASON}).status_code == 403
    assert client_of(stranger).post(limits, {"reason": REASON}).status_code == 404
    assert client_of(viewer).get(page("markets_limitdefaults_add")).status_code == 403
    assert client_of(viewer).get(page("markets_rewardcampaign_add")).status_code == 403
    subsidy = Account.objects.get(organization=exchange.organization, kind="subsidy")
    assert client_of(exchange.root).get(page("markets_account_trading", subsidy.pk, "block")).status_code == 403
    assert buttons(viewer, "markets_account_change", account_of(trader).pk) == []


def offer(exchange, market, **given):
    body = {
        "organization": str(exchange.organization.pk), "name": "Quotes", "market": str(market.pk), "category": "",
        "budget": "3", "hours": "3", "distance": "0.05", "min_size": "5", "starts_at": "", **given,
    }  # fmt: skip
    return client_of(exchange.approver).post(page("markets_rewardcampaign_add"), body)


def test_a_campaign_is_offered_seen_and_stopped():
    exchange = Exchange()
    market = exchange.market(house_liquidity=0)
    assert offer(exchange, market).status_code == 302
    campaign = RewardCampaign.objects.get()
    address = page("markets_rewardcampaign_change", campaign.pk)
    empty = client_of(exchange.approver).get(address).content.decode()
    assert "Nobody has quoted in this hour yet." in empty
    assert "No hour is over yet." in empty
    trader = exchange.member()
    exchange.order(trader, market, side="buy", price=4_900, quantity=10)
    exchange.order(trader, market, side="sell", price=5_100, quantity=10)
    run_campaigns(now=clock.now())
    assert trader.username in client_of(exchange.approver).get(address).content.decode()
    run_campaigns(now=campaign.starts_at + HOUR)
    body = client_of(exchange.approver).get(address).content.decode()
    assert "1 of 3" in body
    payouts = client_of(exchange.approver).get(page("markets_rewardpayout_changelist"))
    assert trader.username in payouts.content.decode()
    [payout] = payouts.context["cl"].result_list
    assert client_of(exchange.approver).get(page("markets_rewardpayout_change", payout.pk)).status_code == 200
    assert client_of(exchange.approver).get(page("markets_rewardcampaign_changelist")).status_code == 200
    stop = page("markets_rewardcampaign_stop", campaign.pk)
    assert client_of(exchange.member("viewer")).post(stop, {"reason": REASON}).status_code == 403
    assert client_of(exchange.approver).post(stop, {"reason": REASON}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.state, campaign.end_reason) == ("stopped", REASON)
    assert client_of(exchange.approver).post(stop, {"reason": REASON}).status_code == 403


def test_what_a_campaign_is_refused_for_stands_above_the_form():
    exchange = Exchange()
    market = exchange.market(house_liquidity=0)
    response = offer(exchange, market, budget="1000000")
    assert "does not cover" in response.content.decode()
    assert not RewardCampaign.objects.exists()
    assert "not for both" in offer(exchange, market, category="Weather").content.decode()


def test_campaigns_of_others_are_not_seen():
    exchange, other = Exchange(), Exchange()
    offer(exchange, exchange.market(house_liquidity=0))
    campaign = RewardCampaign.objects.get()
    client = client_of(other.approver)
    assert not client.get(page("markets_rewardcampaign_changelist")).context["cl"].result_list
    assert client.get(page("markets_rewardcampaign_change", campaign.pk)).status_code == 302
    assert client.post(page("markets_rewardcampaign_stop", campaign.pk), {"reason": REASON}).status_code == 404


def test_the_lists_are_exported_by_those_who_may():
    exchange = Exchange()
    offer(exchange, exchange.market(house_liquidity=0))
    for model in ("rewardcampaign", "rewardpayout"):
        address = page(f"markets_{model}_export")
        answer = client_of(exchange.member("manager")).post(address, {"format": "0", "resource": "0"})
        assert answer.status_code == 200
        assert client_of(exchange.member("viewer")).post(address, {"format": "0", "resource": "0"}).status_code == 403


def test_the_lists_cost_the_same_however_long_they_are():
    exchange = Exchange()
    client = client_of(exchange.root)

    def add() -> None:
        market, trader = exchange.market(house_liquidity=0), exchange.member()
        offer(exchange, market)
        exchange.order(trader, market, side="buy", price=4_900, quantity=10)
        exchange.order(trader, market, side="sell", price=5_100, quantity=10)
        campaign = RewardCampaign.objects.latest("created_at")
        for moment in (campaign.starts_at, campaign.starts_at + HOUR):
            run_campaigns(now=moment)

    def cost(model: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(f"markets_{model}_changelist")).status_code == 200
        return len(captured)

    add()
    first = {model: cost(model) for model in ("rewardcampaign", "rewardpayout")}
    for _ in range(3):
        add()
    assert {model: cost(model) for model in first} == first

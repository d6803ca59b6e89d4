"""Steps of a market's life, and what staff does to balances and orders: asked with a reason, refused with one."""

from datetime import UTC, datetime

import pytest
from auditlog.models import LogEntry

from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market
from markets.trading.models import Order
from opinion_market.eventstore.models import Event
from tests.console.scene import REASON, Exchange, catch_up, client_of, page

pytestmark = pytest.mark.django_db


def take(user, market, step, **given):
    return client_of(user).post(page("markets_market_step", market.pk, step), {"reason": REASON, **given})


def offered(user, market):
    links = client_of(user).get(page("markets_market_change", market.pk)).context["deeds"]
    return {link.title: link.refusal for link in links}


def test_a_market_is_taken_through_its_whole_life():
    exchange = Exchange()
    creator, approver = exchange.creator, exchange.approver
    response = client_of(creator).post(
        page("markets_market_add"),
        {
            "organization": str(exchange.organization.pk), "question": "Does it snow?", "criteria": "By the gauge.",
            "kind": "binary", "dispute_window_hours": "0", "taker_fee_bps": "100", "maker_fee_bps": "0",
            "house_liquidity": "50", "reason": "",
        },
    )  # fmt: skip
    market = Market.objects.get(question="Does it snow?")
    assert response["Location"] == page("markets_market_change", market.pk)
    for user, step, status in [
        (creator, "submit", "pending_approval"),
        (approver, "return", "draft"),
        (creator, "submit", "pending_approval"),
        (approver, "approve", "pending_approval"),
        (approver, "open", "open"),
        (approver, "halt", "halted"),
        (approver, "resume", "open"),
        (approver, "close", "closed"),
    ]:
        assert take(user, market, step).status_code == 302, step
        market.refresh_from_db()
        assert market.status == status
    assert take(approver, market, "resolve", winner="0").status_code == 302
    assert take(approver, market, "withdraw").status_code == 302
    assert take(approver, market, "resolve", winner="split", payout_0="0.3", payout_1="0.7").status_code == 302
    market.refresh_from_db()
    assert (market.status, market.payout_units) == ("resolved", [3_000, 7_000])
    assert take(exchange.root, market, "finalize").status_code == 302
    market.refresh_from_db()
    assert market.status == "settled"
    deeds = LogEntry.objects.filter(object_pk=str(market.pk)).order_by("id")
    assert {deed.changes["reason"][1] for deed in deeds} == {REASON}
    assert deeds.first().actor == creator
    assert {deed.additional_data["organization_id"] for deed in deeds} == {str(exchange.organization.pk)}


@pytest.mark.parametrize("step", ["halt", "close"])
def test_without_a_reason_nothing_happens(step):
    exchange = Exchange()
    market = exchange.market()
    response = take(exchange.approver, market, step, reason="  ")
    assert response.context["form"].errors["reason"]
    market.refresh_from_db()
    assert market.status == "open"


def test_a_form_says_what_will_happen():
    exchange = Exchange()
    market = exchange.market()
    exchange.trade(market)
    body = client_of(exchange.approver).get(page("markets_market_step", market.pk, "close")).content.decode()
    assert "1 resting orders are cancelled and 1.00 credits are released" in body


def test_the_page_offers_what_the_state_and_the_role_allow():
    exchange = Exchange()
    pending, running = exchange.market("pending"), exchange.market()
    assert offered(exchange.member("viewer"), running) == {}
    assert set(offered(exchange.member("manager"), running)) == {"Halt", "Close", "Limits"}
    assert set(offered(exchange.member("manager"), pending)) == {
        "Approve",
        "Return to draft",
        "Open for trading",
        "Limits",
    }
    assert offered(exchange.member("manager"), exchange.market("closed")) == {}
    assert "created this market" in offered(exchange.creator, pending)["Approve"]
    assert offered(exchange.approver, pending)["Approve"] == ""
    assert "approved" in offered(exchange.approver, pending)["Open for trading"]


def test_a_step_that_the_role_lacks_is_refused_however_it_is_asked():
    exchange = Exchange()
    market = exchange.market()
    assert take(exchange.member("viewer"), market, "halt").status_code == 403
    assert take(Exchange().approver, market, "halt").status_code == 404
    market.refresh_from_db()
    assert market.status == "open"


@pytest.mark.parametrize(
    ("stage", "step", "who", "message"),
    [
        ("pending", "approve", "creator", "You created this market"),
        ("pending", "open", "approver", "has not been approved"),
        ("open", "resume", "approver", "WRONG STATE"),
        ("resolved", "finalize", "approver", "You proposed the resolution"),
        ("open", "approve", "approver", "The market is open"),
    ],
)
def test_what_the_services_refuse_stands_above_the_form(stage, step, who, message):
    exchange = Exchange()
    market = exchange.market(stage)
    response = take(getattr(exchange, who), market, step)
    assert response.status_code == 200
    errors = response.context["form"].non_field_errors()
    assert errors
    if message != "WRONG STATE":
        assert message in errors[0]


def test_a_split_that_does_not_sum_to_one_is_refused():
    exchange = Exchange()
    market = exchange.market("closed")
    response = take(exchange.approver, market, "resolve", winner="split", payout_0="0.3", payout_1="0.6")
    assert "must sum to 1" in str(response.context["form"].non_field_errors())


def test_a_draft_that_contradicts_itself_is_refused_with_a_sentence():
    exchange = Exchange()
    response = client_of(exchange.creator).post(
        page("markets_market_add"),
        {
            "organization": str(exchange.organization.pk), "question": "Which?", "criteria": "By vote.",
            "kind": "categorical", "outcomes": "One\nOne", "dispute_window_hours": "1", "taker_fee_bps": "0",
            "maker_fee_bps": "0", "house_liquidity": "0",
        },
    )  # fmt: skip
    assert "differ" in str(response.context["form"].non_field_errors())
    assert not Market.objects.filter(question="Which?").exists()


def test_a_draft_says_when_it_opens_what_a_dispute_costs_and_whether_it_pays_by_itself():
    exchange = Exchange()
    form = {
        "organization": str(exchange.organization.pk), "question": "Does it thaw?", "criteria": "By the gauge.",
        "kind": "binary", "opens_at": "2199-01-01T12:00", "closes_at": "2199-01-02T12:00", "dispute_window_hours": "1",
        "dispute_bond": "2.5", "auto_finalize": "on", "taker_fee_bps": "0", "maker_fee_bps": "0", "house_liquidity": "0",
    }  # fmt: skip
    assert client_of(exchange.creator).post(page("markets_market_add"), form).status_code == 302
    market = Market.objects.get(question="Does it thaw?")
    assert market.opens_at == datetime(2199, 1, 1, 12, tzinfo=UTC)
    assert (market.dispute_bond_units, market.auto_finalize) == (25_000, True)
    body = client_of(exchange.creator).get(page("markets_market_change", market.pk)).content.decode()
    assert "2.50 credits" in body


def test_a_draft_belongs_to_an_organization_in_which_one_may_create():
    ours, theirs = Exchange(), Exchange()
    organizations = client_of(ours.creator).get(page("markets_market_add")).context["form"].fields["organization"]
    assert list(organizations.queryset) == [ours.organization]
    assert theirs.organization not in organizations.queryset
    assert client_of(ours.member("viewer")).get(page("markets_market_add")).status_code == 403


def account_of(user):
    return Account.objects.get(owner=user)


def move(actor, user, deed, credits, reason=REASON):
    address = page("markets_account_deed", account_of(user).pk, deed)
    return client_of(actor).post(address, {"credits": credits, "reason": reason})


def test_staff_deposits_and_withdraws_with_a_reason():
    exchange = Exchange()
    manager, trader = exchange.member("manager"), exchange.member(credits=100)
    assert move(manager, trader, "deposit", "50.5").status_code == 302
    assert account_of(trader).balance_units == 1_505_000
    assert move(manager, trader, "withdraw", "0.0001").status_code == 302
    assert account_of(trader).balance_units == 1_504_999
    assert move(manager, trader, "deposit", "1", reason="").context["form"].errors
    refused = move(manager, trader, "withdraw", "1000")
    assert "smaller" in str(refused.context["form"].non_field_errors())
    assert account_of(trader).balance_units == 1_504_999
    assert Event.objects.filter(stream=f"account-{account_of(trader).pk}").latest("version").data["note"] == REASON


def test_who_may_only_read_moves_no_money():
    exchange = Exchange()
    trader = exchange.member(credits=100)
    assert move(exchange.member("auditor"), trader, "deposit", "5").status_code == 403
    assert move(Exchange().approver, trader, "deposit", "5").status_code == 404
    assert move(exchange.approver, trader, "subsidy", "5").status_code == 403
    assert account_of(trader).balance_units == 1_000_000


def test_a_member_without_an_account_gets_one_with_the_first_deposit():
    exchange = Exchange()
    newcomer = exchange.member(credits=0)
    form = {"organization": str(exchange.organization.pk), "credits": "7", "reason": REASON}
    client = client_of(exchange.approver)
    stranger = client.post(page("markets_account_deposit_to_member"), {**form, "username": exchange.root.username})
    assert stranger.context["form"].errors["username"]
    assert (
        client.post(page("markets_account_deposit_to_member"), {**form, "username": newcomer.username}).status_code
        == 302
    )
    assert account_of(newcomer).balance_units == 70_000


def test_the_subsidy_is_funded_by_who_approves_markets():
    exchange = Exchange()
    form = {"organization": str(exchange.organization.pk), "credits": "7", "reason": REASON}
    assert client_of(exchange.member("manager")).post(page("markets_account_subsidy"), form).status_code == 302
    assert client_of(exchange.member("auditor")).post(page("markets_account_subsidy"), form).status_code == 403
    subsidy = Account.objects.get(organization=exchange.organization, kind="subsidy")
    assert subsidy.balance_units == 50_070_000


def test_the_trial_balance_is_zero_and_agrees_with_the_postings():
    exchange = Exchange()
    exchange.trade(exchange.market())
    response = client_of(exchange.approver).get(page("markets_account_trial_balance"), {"recompute": "1"})
    (balance,) = response.context["balances"]
    assert balance.is_balanced
    assert all(line.posted_units == line.accounts_units for line in balance.lines)
    assert sum(line.posted_units for line in balance.lines) == 0
    assert Posting.objects.exists()


def test_staff_cancels_an_order_with_a_reason_its_owner_can_read():
    exchange = Exchange()
    buyer, _ = exchange.trade(exchange.market())
    order = Order.objects.get(account__owner=buyer, status="open")
    address = page("markets_order_cancel", order.pk)
    assert client_of(exchange.member("viewer")).post(address, {"reason": REASON}).status_code == 403
    assert client_of(exchange.member("manager")).post(address, {"reason": REASON}).status_code == 302
    order.refresh_from_db()
    assert order.status == "cancelled"
    cancelled = Event.objects.filter(stream=f"market-{order.market_id}", type="OrdersCancelled").latest("version")
    assert REASON in str(cancelled.data)
    again = client_of(exchange.member("manager")).post(address, {"reason": REASON})
    assert again.context["form"].non_field_errors()


def test_a_stream_is_verified_on_request_and_the_result_is_remembered():
    exchange = Exchange()
    market = exchange.market()
    exchange.trade(market)
    catch_up()
    client = client_of(exchange.member("auditor"))
    stream = f"market-{market.pk}"
    assert client.get(page("eventstore_streamsummary_verify", stream)).status_code == 403
    assert client.post(page("eventstore_streamsummary_verify", stream)).status_code == 302
    check = client.get(page("eventstore_streamsummary_change", stream)).context["check"]
    assert check.intact
    assert check.events == Event.objects.filter(stream=stream).count()
    assert client_of(exchange.member("viewer")).post(page("eventstore_streamsummary_verify", stream)).status_code == 404

"""Every page opens, to those who may open it, and costs the same however much it lists."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from markets.ledger.models import Account, Posting
from markets.trading.models import Order, Position, Trade
from opinion_market.eventstore.models import Event
from tests.console.scene import Exchange, catch_up, client_of, page
from tests.governance.people import a_member, a_user, an_organization

pytestmark = pytest.mark.django_db

LISTS = {
    "markets_market": "markets.read",
    "markets_order": "orders.read",
    "markets_trade": "orders.read",
    "markets_position": "participants.read",
    "markets_account": "participants.read",
    "markets_posting": "participants.read",
    "eventstore_event": "system.audit",
    "eventstore_streamsummary": "system.audit",
}
SECTIONS = [
    "overview", "figures", "book", "trades", "orders", "resolution", "dossier", "positions", "accounts", "events",
]  # fmt: skip


def test_an_empty_platform_has_a_home_page_that_says_so():
    body = client_of(a_user(superuser=True, staff=True)).get(page("index")).content.decode()
    assert "There are no markets yet." in body
    assert "Nothing waits for anybody." in body


def test_the_login_page_bears_the_platforms_name():
    from_outside = client_of(a_user()).get(page("login"))
    assert "Opinion Market" in from_outside.content.decode()


@pytest.mark.parametrize("model", [*LISTS, "eventstore_checkpoint", "django_celery_beat_periodictask"])
def test_a_superuser_sees_every_list(model):
    exchange = Exchange()
    exchange.trade(exchange.market())
    catch_up()
    assert client_of(exchange.root).get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("outcomes", [(), ("Red", "Green", "Blue")])
def test_every_section_of_a_markets_page_opens(section, outcomes):
    exchange = Exchange()
    market = exchange.market(outcomes=outcomes, kind="categorical" if outcomes else "binary")
    exchange.trade(market)
    catch_up()
    response = client_of(exchange.root).get(page("markets_market_change", market.pk), {"tab": section})
    assert response.status_code == 200
    assert response.context["section"].name == section
    assert market.question in response.content.decode()


@pytest.mark.parametrize("stage", ["draft", "pending", "approved", "open", "closed", "resolved"])
def test_a_market_has_a_page_at_every_stage_with_and_without_trades(stage):
    exchange = Exchange()
    market = exchange.market(stage)
    for section in SECTIONS:
        assert (
            client_of(exchange.root).get(f"{page('markets_market_change', market.pk)}?tab={section}").status_code == 200
        )


def test_every_row_has_a_page():
    exchange = Exchange()
    exchange.trade(exchange.market())
    catch_up()
    client = client_of(exchange.root)
    held = Position.objects.exclude(free_contracts=0, reserved_contracts=0)
    for rows in (held, *(model.objects.all() for model in (Order, Trade, Account, Posting, Event))):
        for row in rows[:5]:
            model = rows.model
            name = f"{model._meta.app_label}_{model._meta.model_name}_change"
            assert client.get(page(name, row.pk)).status_code == 200, row
    stream = Event.objects.values_list("stream", flat=True).first()
    assert client.get(page("eventstore_streamsummary_change", stream)).status_code == 200


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        ("", set()),
        ("viewer", {"markets.read", "orders.read", "participants.read"}),
        ("analyst", {"markets.read", "orders.read", "participants.read"}),
        ("manager", {"markets.read", "orders.read", "participants.read"}),
        ("data_scientist", {"markets.read", "orders.read", "participants.read"}),
        ("auditor", {"markets.read", "orders.read", "participants.read", "system.audit"}),
        ("admin", {"markets.read", "orders.read", "participants.read", "system.audit"}),
    ],
)
def test_a_role_opens_the_lists_the_catalogue_grants_and_is_shown_no_others(role, opens):
    client = client_of(a_member(an_organization(), role, staff=True))
    home = client.get(page("index")).content.decode()
    for model, permission in LISTS.items():
        address = page(f"{model}_changelist")
        assert client.get(address).status_code == (200 if permission in opens else 403), model
        assert (f'href="{address}"' in home) == (permission in opens), model


def test_lists_and_pages_end_at_the_tenants_border():
    ours, theirs = Exchange(), Exchange()
    our_market, their_market = ours.market(), theirs.market()
    ours.trade(our_market)
    theirs.trade(their_market)
    catch_up()
    client = client_of(ours.member("auditor"))
    for model in LISTS:
        rows = client.get(page(f"{model}_changelist")).context["cl"].queryset
        assert rows.exists(), model
        everything = client_of(ours.root).get(page(f"{model}_changelist")).context["cl"].queryset
        hidden = everything.exclude(pk__in=rows.values("pk")).first()
        assert hidden is not None, model
        assert client.get(page(f"{model}_change", hidden.pk)).status_code == 302, model
    markets = client.get(page("markets_market_changelist")).content.decode()
    assert our_market.question in markets
    assert their_market.question not in markets
    assert theirs.organization.name not in markets
    trades = client.get(page("markets_trade_changelist"), {"organization": str(theirs.organization.pk)})
    assert trades.context["cl"].result_count == 0


def test_the_home_page_counts_ones_own_organizations():
    ours, theirs = Exchange(), Exchange()
    ours.trade(ours.market())
    theirs.trade(theirs.market(), times=3)
    theirs.market("pending")
    context = client_of(ours.member("viewer")).get(page("index")).context
    assert context["all_markets"] == 1
    assert context["concerns"] == []
    assert context["store"] == []
    figures = {figure.title: figure.value for figure in context["figures"]}
    everything = {each.title: each.value for each in client_of(ours.root).get(page("index")).context["figures"]}
    assert 0 < int(figures["Trades in 24 hours"]) < int(everything["Trades in 24 hours"])


def test_the_home_page_names_what_waits():
    exchange = Exchange()
    for stage in ("pending", "approved", "closed", "resolved"):
        exchange.market(stage)
    context = client_of(exchange.creator).get(page("index")).context
    texts = [concern.text for concern in context["concerns"]]
    assert texts == [
        "market awaits approval",
        "market is approved and not open yet",
        "market is closed and awaits a resolution",
        "market can be finalized: the dispute window has passed",
    ]
    assert [need for need, _ in context["waiting"]] == ["approval", "opening", "resolution", "finalization"]
    for concern in context["concerns"]:
        assert client_of(exchange.creator).get(concern.link).context["cl"].result_count == 1


def queries_of(client, address):
    client.get(address)  # warms what is cached for the process
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("role", ["auditor", None])
def test_no_list_asks_more_of_the_database_when_it_has_more_rows(role):
    exchange = Exchange()
    market = exchange.market(outcomes=("Red", "Green", "Blue"), kind="categorical")
    exchange.trade(market)
    catch_up()
    client = client_of(exchange.member(role) if role else exchange.root)
    addresses = [page(f"{model}_changelist") for model in LISTS] + [
        page("index"),
        page("markets_account_trial_balance"),
    ]
    addresses += [f"{page('markets_market_change', market.pk)}?tab={section}" for section in SECTIONS]
    before = {address: queries_of(client, address) for address in addresses}
    for _ in range(3):
        exchange.trade(exchange.market())
    exchange.trade(market, times=3)
    catch_up()
    assert {address: queries_of(client, address) for address in addresses} == before

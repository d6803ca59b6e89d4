"""History is written by nobody's hand: not by a form, not by a crafted request, not by a superuser."""

import csv
import io

import pytest

from markets.ledger.models import Account, Posting
from markets.trading.models import Order, Position, Trade
from opinion_market.eventstore.models import Event, StreamSummary
from tests.console.scene import Exchange, catch_up, client_of, page

pytestmark = pytest.mark.django_db

MODELS = [Account, Posting, Order, Trade, Position, Event, StreamSummary]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_are_not_added_changed_or_deleted(model):
    exchange = Exchange()
    exchange.trade(exchange.market())
    catch_up()
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    client, row = client_of(exchange.root), model.objects.first()
    before = list(model.objects.order_by("pk").values())
    form = {field.name: "1" for field in model._meta.concrete_fields}
    assert client.get(page(f"{name}_add")).status_code == 403
    assert client.post(page(f"{name}_add"), form).status_code == 403
    assert client.post(page(f"{name}_change", row.pk), form).status_code == 403
    assert client.get(page(f"{name}_delete", row.pk)).status_code == 403
    assert client.post(page(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes", "index": "0"}
    client.post(page(f"{name}_changelist"), selected)
    listed = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "_save": "Save", **form}
    client.post(page(f"{name}_changelist"), listed)
    assert list(model.objects.order_by("pk").values()) == before


def test_a_markets_row_is_not_edited_either():
    exchange = Exchange()
    market = exchange.market()
    client = client_of(exchange.root)
    assert client.post(page("markets_market_change", market.pk), {"question": "Another"}).status_code == 403
    assert client.post(page("markets_market_delete", market.pk), {"post": "yes"}).status_code == 403


def exported(client, model, **query):
    response = client.post(f"{page(f'markets_{model}_export')}?{'&'.join(f'{k}={v}' for k, v in query.items())}", {
        "format": "0", "resource": "0",
    })  # fmt: skip
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_a_manager_exports_what_the_filters_show():
    exchange = Exchange()
    exchange.trade(exchange.market(), times=2)
    client = client_of(exchange.member("manager"))
    assert len(exported(client, "order")) == Order.objects.count()
    still_open = exported(client, "order", status__exact="open")
    assert len(still_open) == Order.objects.filter(status="open").count()
    assert {row["status"] for row in still_open} == {"open"}
    assert len(exported(client, "trade")) == Trade.objects.count()


@pytest.mark.parametrize("model", ["market", "order", "trade", "position", "account", "posting"])
def test_without_the_permission_to_export_there_is_no_export(model):
    exchange = Exchange()
    exchange.trade(exchange.market())
    viewer = client_of(exchange.member("viewer"))
    assert viewer.post(page(f"markets_{model}_export"), {"format": "0", "resource": "0"}).status_code == 403
    assert "export/" not in viewer.get(page(f"markets_{model}_changelist")).content.decode()
    assert exported(client_of(exchange.root), model)


def test_an_export_ends_where_the_permission_to_export_ends():
    ours, theirs = Exchange(), Exchange()
    ours.trade(ours.market())
    theirs.trade(theirs.market())
    manager = ours.member("manager")
    theirs.organization.memberships.create(user=manager, role="viewer", created_at=theirs.organization.created_at)
    client = client_of(manager)
    listed = client.get(page("markets_trade_changelist")).context["cl"].result_count
    assert listed == Trade.objects.count()
    ids = {int(row["id"]) for row in exported(client, "trade")}
    assert ids == set(Trade.objects.filter(market__organization=ours.organization).values_list("pk", flat=True))


def test_a_cell_that_begins_like_a_formula_is_disarmed():
    exchange = Exchange()
    exchange.market("draft", question="=HYPERLINK(1)")
    questions = [row["question"] for row in exported(client_of(exchange.root), "market")]
    assert questions == ["HYPERLINK(1)"]

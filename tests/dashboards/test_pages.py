"""The staff dashboards open to those who may, and to nobody else."""

import json
import re

import pytest
from django.urls import reverse

from tests.console.scene import Exchange, catch_up, client_of
from tests.governance.people import a_user, calling_as

pytestmark = pytest.mark.django_db

OPEN_TO = {
    "markets": {"viewer", "analyst", "manager", "data_scientist", "auditor", "admin"},
    "exchange": set(),
    "event_sourcing": {"auditor", "admin"},
}
ROLES = ["viewer", "analyst", "manager", "data_scientist", "auditor", "admin"]


def address(name: str, *, figures: bool = False) -> str:
    return reverse(f"admin:dashboard_{name}{'_figures' if figures else ''}")


def first_figures(response) -> dict:
    """What the page itself holds."""
    found = re.search(r'<script id="figures" type="application/json">(.*?)</script>', response.content.decode(), re.S)
    return json.loads(found[1])


@pytest.mark.parametrize("name", OPEN_TO)
def test_each_role_opens_what_its_permissions_allow_and_is_offered_no_more(name):
    exchange = Exchange()
    for role in ROLES:
        client = client_of(exchange.member(role))
        expected = 200 if role in OPEN_TO[name] else 403
        assert client.get(address(name)).status_code == expected, role
        assert client.get(address(name, figures=True)).status_code == expected, role
        home = client.get(reverse("admin:index")).content.decode()
        assert (f'href="{address(name)}"' in home) is (expected == 200), role


@pytest.mark.parametrize("name", OPEN_TO)
def test_superusers_open_all_and_strangers_and_traders_none(name):
    exchange = Exchange()
    assert client_of(exchange.root).get(address(name)).status_code == 200
    for outsider in (a_user(), exchange.member("")):
        for figures in (False, True):
            answer = client_of(outsider).get(address(name, figures=figures))
            assert answer.status_code == 302
            assert "login" in answer["Location"]
    # Marked as staff and without a role: inside the console, and shown nothing there.
    nobody = client_of(a_user(staff=True))
    assert nobody.get(address(name)).status_code == nobody.get(address(name, figures=True)).status_code == 403


@pytest.mark.parametrize("name", OPEN_TO)
def test_an_empty_platform_has_every_dashboard_in_every_range(name):
    client = client_of(a_user(superuser=True, staff=True))
    page = client.get(address(name))
    for title, link, _ in page.context["ranges"]:
        answer = client.get(link)
        assert answer.status_code == 200, title
        assert first_figures(answer)["at"]
    assert client.get(address(name), {"range": "a century"}).context["range_name"] == page.context["range_name"]


def test_the_page_hears_from_the_hub_only_where_its_reader_may():
    exchange = Exchange()
    auditor, root = client_of(exchange.member("auditor")), client_of(exchange.root)
    assert auditor.get(address("event_sourcing")).context["channel"] == ""
    assert root.get(address("event_sourcing")).context["channel"] == "performance"
    assert auditor.get(address("markets")).context["channel"] == "dashboard"


def test_what_serves_all_tenants_is_not_shown_to_a_tenants_auditor():
    exchange = Exchange()
    exchange.trade(exchange.market())
    catch_up()
    assert client_of(exchange.member("auditor")).get(address("event_sourcing", figures=True)).json()["platform"] is None
    platform = client_of(exchange.root).get(address("event_sourcing", figures=True)).json()["platform"]
    assert {each["name"] for each in platform["event_store"]["projections"]} >= {"market_figures", "event_statistics"}


def test_an_api_key_does_not_open_the_console():
    exchange = Exchange()
    assert calling_as(exchange.root).get(address("exchange")).status_code == 302


def test_text_of_people_cannot_end_the_script_that_holds_the_figures():
    exchange = Exchange()
    market = exchange.market(question="</script><script>alert(1)</script>?")
    exchange.trade(market)
    catch_up()
    page = client_of(exchange.root).get(address("markets"))
    assert "<script>alert(1)" not in page.content.decode()
    assert first_figures(page)["busiest"][0]["question"] == market.question

"""Each page for strangers, members, staff and the members of other organizations."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.console.scene import Exchange, catch_up, client_of
from tests.governance.people import a_member, an_organization

OWN_PAGES = ("/portfolio", "/leaderboard", "/keys", "/preferences", "/password")
PUBLIC_PAGES = ("/", "/sign-in", "/sign-up")
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", PUBLIC_PAGES[:2])
def test_a_stranger_may_look(address: str) -> None:
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize("address", OWN_PAGES)
def test_a_stranger_is_asked_to_sign_in_and_led_back(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in?next=%2F{address[1:]}"


@pytest.mark.parametrize("address", ["/", *OWN_PAGES])
@pytest.mark.parametrize("role", ["", "viewer", "admin"])
def test_members_and_staff_see_every_page(exchange: Exchange, address: str, role: str) -> None:
    response = client_of(exchange.member(role)).get(address)
    assert response.status_code == 200
    assert ("/console/" in response.text) is bool(role)


@pytest.mark.parametrize("stage", ["open", "closed", "resolved"])
def test_a_market_is_shown_to_members_but_does_not_exist_for_others(exchange: Exchange, stage: str) -> None:
    market = exchange.market(stage)
    stranger = client_of(a_member(an_organization()))
    assert market.question in client_of(exchange.member()).get(f"/markets/{market.pk}").text
    for client in (stranger, Client()):
        assert client.get(f"/markets/{market.pk}").status_code == 404
        assert market.question not in client.get("/?stage=all").text


def test_a_public_market_is_shown_to_everybody_without_a_ticket_for_those_who_may_not_trade(exchange: Exchange) -> None:
    market = exchange.market(is_public=True)
    outsider = client_of(a_member(an_organization()))
    for client, has_ticket in ((Client(), False), (outsider, False), (client_of(exchange.member()), True)):
        page = client.get(f"/markets/{market.pk}").text
        assert market.question in page
        assert ('id="ticket"' in page) is has_ticket
        assert market.question in client.get("/").text


@pytest.mark.parametrize(("stage", "has_ticket"), [("open", True), ("closed", False), ("resolved", False)])
def test_there_is_a_ticket_only_while_the_market_trades(exchange: Exchange, stage: str, has_ticket: bool) -> None:
    page = client_of(exchange.member()).get(f"/markets/{exchange.market(stage).pk}").text
    assert ('id="ticket"' in page) is has_ticket


def test_a_superuser_looks_but_does_not_trade_where_they_are_no_member(exchange: Exchange) -> None:
    page = client_of(exchange.root).get(f"/markets/{exchange.market().pk}").text
    assert 'id="ticket"' not in page


def test_a_draft_is_shown_to_staff_alone(exchange: Exchange) -> None:
    draft = exchange.market("draft")
    assert client_of(exchange.creator).get(f"/markets/{draft.pk}").status_code == 200
    assert client_of(exchange.member()).get(f"/markets/{draft.pk}").status_code == 404


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><script>alert(1)</script>"]
)
def test_what_people_write_is_shown_as_text(exchange: Exchange, text: str) -> None:
    market = exchange.market(question=f"Is it {text}?", criteria=text, description=text, category=text[:60])
    person = exchange.member()
    person.display_name = text
    person.save()
    for address in ("/", f"/markets/{market.pk}", f"/?search={text}", "/preferences"):
        page = client_of(person).get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize("address", ["/", "/sign-in", "/portfolio", "/password", "/keys"])
def test_no_page_runs_scripts_that_are_not_files_of_ours(exchange: Exchange, address: str) -> None:
    response = client_of(exchange.member()).get(address) if address != "/sign-in" else Client().get(address)
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert " style=" not in response.text
    assert " onclick=" not in response.text


def test_the_list_costs_as_many_queries_for_twenty_markets_as_for_two(exchange: Exchange) -> None:
    client = client_of(exchange.member())

    def queries() -> int:
        client.get("/")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/").status_code == 200
        return len(seen)

    for _ in range(2):
        exchange.trade(exchange.market())
    catch_up()
    few = queries()
    for _ in range(18):
        exchange.market()
    catch_up()
    assert queries() == few


def test_the_list_is_searched_filtered_ordered_and_paged(exchange: Exchange) -> None:
    client = client_of(exchange.member())
    for number in range(30):
        exchange.market(question=f"Does herring number {number} arrive?", category="Fish")
    other = exchange.market(question="Will the tram run?", category="Trams")
    assert other.question in client.get("/?category=Trams").text
    assert "herring" not in client.get("/?category=Trams").text
    assert "herring" not in client.get("/?search=tram").text
    first, second = client.get("/?category=Fish").text, client.get("/?category=Fish&page=2").text
    assert (first.count("data-market="), second.count("data-market=")) == (25, 5)
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert "No market fits" in client.get("/?search=zeppelin").text
    assert client.get("/?order=nonsense&page=-4&stage=elsewhere").status_code == 200


def test_the_rows_alone_are_not_sent_again_while_they_have_not_changed(exchange: Exchange) -> None:
    market = exchange.market()
    client = client_of(exchange.member())
    rows = client.get("/?fragment=rows")
    assert rows.text.count("data-market=") == 1
    assert "<html" not in rows.text
    again = client.get("/?fragment=rows", headers={"If-None-Match": rows["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    exchange.order(exchange.member(), market, side="buy", price=6_000, quantity=10)
    assert client.get("/?fragment=rows", headers={"If-None-Match": rows["ETag"]}).status_code == 200


def test_the_theme_chosen_is_there_before_any_script_runs() -> None:
    client = Client()
    assert "data-theme" not in client.get("/").text.partition(">")[2].partition(">")[0]
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get("/").text
    client.cookies["theme"] = '"><script>'
    assert "<script>" not in client.get("/").text

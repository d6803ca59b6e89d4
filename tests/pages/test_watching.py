"""Stars in the list of markets and on a market's page; who is offered to dispute a resolution."""

import pytest
from django.test import Client

from markets.lifecycle.models import Market
from tests.console.scene import Exchange, client_of
from tests.governance.people import a_member, an_organization

pytestmark = pytest.mark.django_db


def watch(client: Client, market: Market) -> None:
    assert client.put(f"/api/v1/watchlist/{market.pk}").status_code == 201


def test_a_list_of_watched_markets_alone(exchange: Exchange) -> None:
    watched, other = exchange.market(), exchange.market()
    client, neighbour = client_of(exchange.member()), client_of(exchange.member())
    assert "No market fits" in client.get("/?watched=on").text
    watch(client, watched)
    listed = client.get("/?watched=on").text
    assert watched.question in listed
    assert other.question not in listed
    assert "No market fits" in neighbour.get("/?watched=on").text


def test_stars_are_filled_for_what_one_watches_oneself(exchange: Exchange) -> None:
    market = exchange.market()
    client, neighbour = client_of(exchange.member()), client_of(exchange.member())
    watch(client, market)
    for address in ("/", f"/markets/{market.pk}"):
        star = f'data-watch="{market.pk}" aria-pressed="'
        assert f'{star}true"' in " ".join(client.get(address).text.split())
        assert f'{star}false"' in " ".join(neighbour.get(address).text.split())


def test_strangers_have_no_stars(exchange: Exchange) -> None:
    market = exchange.market(is_public=True)
    for address in ("/", "/?watched=on", f"/markets/{market.pk}"):
        assert "data-watch=" not in Client().get(address).text


def test_members_may_dispute_while_the_window_is_open(exchange: Exchange) -> None:
    disputable = exchange.market("resolved", is_public=True, dispute_window_s=3_600)
    passed = exchange.market("resolved", is_public=True, dispute_window_s=0)
    trading = exchange.market(is_public=True)
    outsider = a_member(an_organization())
    expected = {
        (client, market): client == "member" and market == disputable
        for client in ("member", "outsider", "stranger")
        for market in (disputable, passed, trading)
    }
    clients = {"member": client_of(exchange.member()), "outsider": client_of(outsider), "stranger": Client()}
    for (who, market), may in expected.items():
        assert ('id="dispute"' in clients[who].get(f"/markets/{market.pk}").text) is may, (who, market.status)

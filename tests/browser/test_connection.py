"""A connection that is lost: the page says so, and mends itself without losing a trade."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.stack import Stack
from tests.browser.venue import QuietMarket, Venue
from tests.browser.watched import Watch

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
A_LOST_SOCKET = (r"WebSocket connection to .* failed", r"/ws/analytics")


def assert_shows_every_trade(onlooker: Person, teller: Person, market: QuietMarket) -> None:
    """The page's list is the API's: none missing, none twice, newest first."""
    trades = teller.ask("GET", f"markets/{market.id}/trades?limit=50")["results"]
    expect(onlooker.trades.locator("td:nth-child(2)")).to_have_text([str(each["quantity"]) for each in trades])


def test_when_the_socket_server_dies_the_page_asks_until_it_is_back(
    somebody: Somebody, venue: Venue, stack: Stack, watch: Watch
) -> None:
    maker, taker, onlooker = somebody().sign_up("Siv"), somebody().sign_up("Jon"), somebody()
    market = venue.market()
    onlooker.visit(market.address)
    expect(onlooker.badge).to_have_attribute("title", "Over a WebSocket, as it happens")
    with watch.foretelling(*A_LOST_SOCKET):
        stack.kill("markets.realtime.serving")
        expect(onlooker.badge).to_have_attribute("title", "Asked every 3 seconds")
        market.trade(maker, taker, 21)
        expect(onlooker.trades.first).to_contain_text("21")
        expect(onlooker.badge).to_have_attribute("title", "Over a WebSocket, as it happens")
    market.trade(maker, taker, 22)
    expect(onlooker.trades.first).to_contain_text("22", timeout=1_000)
    assert_shows_every_trade(onlooker, maker, market)


def test_without_a_network_the_page_says_so_and_catches_up_afterwards(
    somebody: Somebody, venue: Venue, watch: Watch
) -> None:
    maker, taker, onlooker = somebody().sign_up("Liv"), somebody().sign_up("Bo"), somebody()
    market = venue.market()
    onlooker.visit(market.address)
    expect(onlooker.badge).to_have_text("Live")
    with watch.foretelling(*A_LOST_SOCKET, r"ERR_INTERNET_DISCONNECTED"):
        onlooker.page.context.set_offline(True)
        expect(onlooker.badge).to_have_text("Reconnecting")
        for contracts in (31, 32, 33):
            market.trade(maker, taker, contracts)
        onlooker.page.context.set_offline(False)
        expect(onlooker.badge).to_have_text("Live")
        assert_shows_every_trade(onlooker, maker, market)
        expect(onlooker.badge).to_have_attribute("title", "Over a WebSocket, as it happens")
    market.trade(maker, taker, 34)
    assert_shows_every_trade(onlooker, maker, market)

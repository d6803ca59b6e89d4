"""Every page for people who trade: accessible in light and dark, as wide as a phone, and without a fault on its console."""

from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import OF_THE_THEME, grave_issues
from tests.browser.person import Person
from tests.browser.pictures import DESKTOP, PHONE, Album
from tests.browser.venue import Venue

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

STILL = {"color_scheme": "light", "reduced_motion": "reduce"}
FOR_STRANGERS = {"sign-in": "/sign-in", "sign-up": "/sign-up", "markets-stranger": "/"}
OWN = {
    "markets": "/",
    "markets-none": "/?search=zeppelin",
    "watchlist": "/?watched=on",
    "portfolio": "/portfolio",
    "leaderboard": "/leaderboard",
    "keys": "/keys",
    "preferences": "/preferences",
    "password": "/password",
}
STAGES = ("trading", "deciding", "over")


def look_at(person: Person, pages: Mapping[str, str]) -> list[str]:
    """What is wrong with these pages, by name."""
    album, page, wrong = Album.wanted(), person.page, []
    for name, address in pages.items():
        person.visit(address)
        found = [f"light: {issue}" for issue in grave_issues(page)]
        album.take(page, f"{name}-light")
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {issue}" for issue in grave_issues(page, rules=OF_THE_THEME)]
        album.take(page, f"{name}-dark")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            found.append(f"phone: {width} pixels wide")
        album.take(page, f"{name}-phone")
        page.set_viewport_size(DESKTOP)
        wrong += [f"{name} {issue}" for issue in found]
    return wrong


def one_market_of_each_state(person: Person) -> dict[str, str]:
    """The addresses of the list's first market in each state, named after it."""
    found: dict[str, str] = {}
    for stage in STAGES:
        person.visit(f"/?stage={stage}")
        for row in person.page.locator("#rows tr").all():
            tag = row.locator(".tag")
            state = tag.inner_text().split()[0].lower() if tag.count() else "open"
            address = row.get_by_role("link").get_attribute("href")
            assert address is not None
            found.setdefault(f"market-{state}", address)
    return found


def test_pages_for_strangers(somebody: Somebody) -> None:
    assert not (wrong := look_at(somebody(**STILL), FOR_STRANGERS)), "\n".join(wrong)


def test_pages_of_ones_own(somebody: Somebody, venue: Venue) -> None:
    person = somebody(**STILL).sign_up("Solveig")
    market = venue.market()
    market.trade(person, somebody().sign_up("Leif"), 12)
    person.ask("POST", f"markets/{market.id}/orders", {"outcome": 0, "side": "buy", "price": 100, "quantity": 15})
    person.ask("PUT", f"watchlist/{market.id}")
    person.ask("POST", "api-keys", {"name": "market bot", "scope": "trade"})
    assert not (wrong := look_at(person, OWN)), "\n".join(wrong)


def test_markets_in_every_state(somebody: Somebody) -> None:
    person = somebody(**STILL).sign_up("Torunn")
    pages = one_market_of_each_state(person)
    assert len(pages) >= 6
    assert not (wrong := look_at(person, pages)), "\n".join(wrong)
    stranger = somebody(**STILL)
    assert not (wrong := look_at(stranger, {"market-stranger": pages["market-open"]})), "\n".join(wrong)


def test_the_ticket_the_menu_and_the_dialog_while_they_are_open(somebody: Somebody, venue: Venue) -> None:
    person = somebody(**STILL).sign_up("Tuva")
    market, page, album = venue.market(), person.page, Album.wanted()
    person.visit(market.address)
    person.order("Buy", price=market.price(1), contracts=10)
    person.open_order(market.price(1)).get_by_role("button", name="Change").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert not (wrong := grave_issues(page)), "\n".join(wrong)
    album.take(page, "market-change-order")
    page.keyboard.press("Escape")
    page.locator("#ticket").get_by_role("button", name="Buy").click()
    page.get_by_text("Tuva").click()
    expect(page.get_by_role("link", name="Preferences")).to_be_visible()
    assert not (wrong := grave_issues(page)), "\n".join(wrong)
    album.take(page, "market-menu")

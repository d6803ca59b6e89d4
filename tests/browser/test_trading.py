"""What trading looks like to people, each before a browser of their own."""

from collections.abc import Callable
from statistics import median
from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from tests.browser.person import Person
from tests.browser.venue import Venue
from tests.browser.watched import Watch

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def never_reloaded(page: Page) -> bool:
    """Whether the page is still the one that was marked; a reload forgets the mark."""
    return bool(page.evaluate("window.marked === true"))


def mark(page: Page) -> None:
    page.evaluate("window.marked = true")


def test_an_order_fills_before_the_makers_eyes_within_a_second(somebody: Somebody, venue: Venue) -> None:
    maker, taker = somebody().sign_up("Mira"), somebody().sign_up("Tom")
    market = venue.market()
    maker.visit(market.address)
    taker.visit(market.address)
    maker.order("Buy", price=market.price(1), contracts=10)
    expect(maker.toasts).to_contain_text("10 contracts are on the book")
    expect(maker.open_order(market.price(1))).to_contain_text("10 of 10")
    expect(taker.page.locator(".bids")).to_contain_text(market.price(1))
    portfolio = maker.page.context.new_page()
    portfolio.goto("/portfolio")
    expect(portfolio.locator("#positions")).to_contain_text("You hold no contracts")
    for page in (maker.page, portfolio):
        expect(page.locator("#live")).to_have_attribute("data-state", "live")
        mark(page)

    waited = []
    for sold in (1, 2, 3):
        with taker.page.expect_response("**/orders"):
            taker.order("Sell", price=market.price(1), contracts=1)
        since = monotonic()
        expect(maker.open_order(market.price(1))).to_contain_text(f"{10 - sold} of 10")
        expect(maker.trades.nth(sold - 1)).to_contain_text(market.price(1))
        waited.append(monotonic() - since)
    assert median(waited) < 1, waited
    expect(taker.toasts).to_contain_text("Filled 1")
    expect(portfolio.locator("#positions")).to_contain_text(market.question)
    expect(portfolio.locator("#history")).to_contain_text("Bought")
    expect(portfolio.locator("#orders")).to_contain_text("7 of 10")
    assert never_reloaded(maker.page)
    assert never_reloaded(portfolio)


def test_an_order_is_changed_and_cancelled_on_the_page(somebody: Somebody, venue: Venue) -> None:
    trader = somebody().sign_up("Ida")
    market = venue.market()
    trader.visit(market.address)
    trader.order("Buy", price=market.price(2), contracts=10)
    order = trader.open_order(market.price(2))
    order.get_by_role("button", name="Change").click()
    dialog = trader.page.get_by_role("dialog")
    expect(dialog.get_by_label("Price, %")).to_have_value(market.price(2))
    dialog.get_by_label("Contracts in all").fill("0")
    dialog.get_by_role("button", name="Change order").click()
    expect(dialog.get_by_role("alert")).to_have_text("Name a whole number of contracts.")
    dialog.get_by_label("Contracts in all").fill("7")
    dialog.get_by_label("Price, %").fill(market.price(3))
    dialog.get_by_role("button", name="Change order").click()
    expect(dialog).to_be_hidden()
    order = trader.open_order(market.price(3))
    expect(order).to_contain_text("7 of 7")
    assert [(each["price"], each["quantity"]) for each in trader.open_orders()] == [(market.base + 3, 7)]

    order.get_by_role("button", name="Cancel").click()
    expect(trader.toasts).to_contain_text("Cancelled 7 contracts")
    expect(order).to_have_count(0)
    assert trader.open_orders() == []


def test_an_order_is_changed_and_cancelled_in_the_portfolio(somebody: Somebody, venue: Venue) -> None:
    trader = somebody().sign_up("Ole")
    market = venue.market()
    order = {"outcome": 0, "side": "buy", "price": market.base + 2, "quantity": 5}
    trader.ask("POST", f"markets/{market.id}/orders", order)
    trader.visit("/portfolio")
    row = trader.page.locator("#orders tr", has_text=market.question)
    row.get_by_role("button", name="Change").click()
    trader.page.get_by_role("dialog").get_by_label("Contracts in all").fill("3")
    trader.page.keyboard.press("Enter")
    expect(row).to_contain_text("3 of 3")
    row.get_by_role("button", name="Cancel").click()
    expect(trader.page.locator("#orders")).to_contain_text("No open orders")
    assert trader.open_orders() == []


def test_a_refusal_is_shown_in_the_apis_words_and_changes_nothing(
    somebody: Somebody, venue: Venue, watch: Watch
) -> None:
    trader = somebody().sign_up("Per")
    market = venue.market()
    trader.visit(market.address)
    with watch.foretelling(r"/orders: 409", r"status of 409"):
        trader.order("Buy", price=market.price(1), contracts=1_000_000)
        expect(trader.page.locator("#refusal")).to_be_visible()
    assert trader.open_orders() == []


def test_an_order_takes_no_mouse(somebody: Somebody, venue: Venue) -> None:
    trader = somebody().sign_up("Kaia")
    market = venue.market()
    trader.visit(market.address)
    keys = trader.page.keyboard
    keys.press("Tab")
    expect(trader.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter")
    trader.tab_to("#outcomes [role=radio][aria-checked=true]")
    keys.press("ArrowRight")
    keys.press("ArrowLeft")
    trader.tab_to("#ticket [name=side]:checked")
    keys.press("ArrowRight")
    expect(trader.page.get_by_role("radio", name="Sell")).to_be_checked()
    keys.press("ArrowLeft")
    trader.tab_to("#ticket [name=price]")
    keys.type(market.price(1))
    trader.tab_to("#ticket [name=quantity]")
    keys.press("Control+A")
    keys.type("3")
    keys.press("Enter")
    expect(trader.open_order(market.price(1))).to_contain_text("3 of 3")
    trader.tab_to("#own button[aria-label^='Change']")
    keys.press("Enter")
    expect(trader.page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(trader.page.get_by_role("dialog")).to_be_hidden()
    expect(trader.page.locator("#own button[aria-label^='Change']")).to_be_focused()
    trader.tab_to("#own button[aria-label^='Cancel']")
    keys.press("Enter")
    expect(trader.page.locator("#own")).to_contain_text("no open orders")

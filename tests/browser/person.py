"""Somebody before a browser of their own: what they do, in the words of the pages."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from playwright.sync_api import Locator, Page, expect

PASSWORD = "a boat in the harbour"
MOST_TABS = 60
_numbers = count(1)
_CALL = """async ([method, path, body]) => {
    const headers = {"X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content};
    if (body) headers["Content-Type"] = "application/json";
    const options = {method, headers, body: body ? JSON.stringify(body) : undefined};
    const answer = await fetch("/api/v1/" + path, options);
    const text = await answer.text();
    return [answer.status, text ? JSON.parse(text) : null];
}"""


@dataclass
class Person:
    """One browser context with one page."""

    page: Page
    name: str = ""

    def sign_up(self, name: str) -> "Person":
        """By the form, under a name that nobody has."""
        self.name = f"{name.lower()}-{next(_numbers)}"
        self.page.goto("/sign-up")
        self.page.get_by_label("User name").fill(self.name)
        self.page.get_by_label("Name shown to others").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Password again").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign up").click()
        expect(self.page.get_by_role("heading", name="Markets")).to_be_visible()
        return self

    def sign_in(self, name: str, password: str) -> None:
        """By the form of the pages."""
        self.name = name
        self.page.goto("/sign-in")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Markets")).to_be_visible()

    def visit(self, address: str) -> None:
        """Until everything that the page loads is there."""
        self.page.goto(address)
        self.settle()

    def settle(self) -> None:
        expect(self.page.locator("[data-loading]")).to_have_count(0)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers to the page's own session."""
        status, answer = self.page.evaluate(_CALL, [method, path, body])
        assert status < 300, answer
        return answer

    def order(self, side: str, *, price: str, contracts: int) -> None:
        """Fill in the ticket of the market's page and send it."""
        ticket = self.page.locator("#ticket")
        ticket.get_by_role("radio", name=side).check()
        ticket.get_by_label("Price, %").fill(price)
        ticket.get_by_label("Contracts").fill(str(contracts))
        ticket.get_by_role("button", name=side).click()

    def open_order(self, price: str) -> Locator:
        """The row of one's own open order at this price on the market's page."""
        return self.page.locator("#own tr", has_text=f"{price}%")

    def open_orders(self) -> list[dict[str, Any]]:
        """What the API says is on the book."""
        orders: list[dict[str, Any]] = self.ask("GET", "orders?status=open")["results"]
        return orders

    def tab_to(self, selector: str) -> None:
        """Press Tab until this element has the focus, as somebody without a mouse does."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
        raise AssertionError(f"{selector} is not reached with Tab")

    @property
    def toasts(self) -> Locator:
        return self.page.locator("#toasts")

    @property
    def trades(self) -> Locator:
        """The rows of the market's trades, the newest first."""
        return self.page.locator("#trades tbody tr")

    @property
    def badge(self) -> Locator:
        """What the header says about the data's freshness."""
        return self.page.locator("#live")

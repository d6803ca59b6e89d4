"""Markets in which only the tests trade."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.browser.person import Person

ORGANIZATION = "demo-harbour"
_numbers = count(1)


@dataclass(frozen=True)
class QuietMarket:
    """Two outcomes, a pure order book, and nothing on it yet. Prices are of the first outcome, in units."""

    id: str
    question: str
    base: int = 4_000

    def trade(self, buyer: Person, seller: Person, contracts: int) -> None:
        """The two of them, by their programs."""
        terms = {"outcome": 0, "price": self.base, "quantity": contracts}
        buyer.ask("POST", f"markets/{self.id}/orders", {**terms, "side": "buy"})
        seller.ask("POST", f"markets/{self.id}/orders", {**terms, "side": "sell"})

    @property
    def address(self) -> str:
        return f"/markets/{self.id}"

    def price(self, above: int) -> str:
        """The base and so many units, as the pages write it."""
        units = self.base + above
        return f"{units // 100}.{units % 100:02d}"


@dataclass(frozen=True)
class Venue:
    """Two administrators, since who creates a market does not approve it."""

    creator: Person
    approver: Person

    def market(self) -> QuietMarket:
        """An open market of the organization that newcomers join."""
        draft = {
            "organization": ORGANIZATION,
            "question": f"Will ship number {next(_numbers)} come in before noon?",
            "criteria": "By the harbour master's log.",
            "category": "Ships",
            "is_public": True,
            "dispute_window_s": 3_600,
        }
        made: dict[str, Any] = self.creator.ask("POST", "markets", draft)
        self.creator.ask("POST", f"markets/{made['id']}/submit", {})
        self.approver.ask("POST", f"markets/{made['id']}/approve", {})
        self.approver.ask("POST", f"markets/{made['id']}/open", {})
        return QuietMarket(made["id"], draft["question"])

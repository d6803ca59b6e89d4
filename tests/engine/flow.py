"""Dense random order flow. Hypothesis draws the seed and the length; a market only shows its corners when it is busy."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS
from tests.engine.desk import TRADERS

TERMS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {},
    {"post_only": True},
    {"time_in_force": "ioc"},
    {"time_in_force": "fok"},
    {"time_in_force": "ioc", "is_market": True},
    {"time_in_force": "fok", "is_market": True},
    {"time_in_force": "gtd"},
    {"reduce_only": True},
    {"reduce_only": True, "time_in_force": "ioc"},
    {"reduce_only": True, "time_in_force": "fok"},
    {"budget": True},
)


@dataclass(frozen=True)
class Ask:
    """An order as a trader asks for it, before it has an id and a time."""

    account: int
    buys: bool
    outcome: int
    price: int
    size: int
    terms: dict[str, Any] = field(default_factory=dict)

    @property
    def side(self) -> str:
        return "buy" if self.buys else "sell"

    def terms_at(self, now_us: int) -> dict[str, Any]:
        """The terms with the time an order good till a date ends: soon."""
        if self.terms.get("time_in_force") == "gtd":
            return {**self.terms, "expires_us": now_us + 2 + self.size % 9}
        if self.terms.get("budget") and self.buys:
            budget = self.size * self.price // 3 + 1
            return {"time_in_force": "ioc", "is_market": True, "budget_units": budget}
        return {name: value for name, value in self.terms.items() if name != "budget"}


def random_ask(rng: Random, outcomes: int, *, spread: int = 1_500) -> Ask:
    """An order near an equal price, mostly small; now and then large, or at any price there is."""
    near = SET_UNITS // outcomes + rng.randint(-spread, spread) // 100 * 100
    price = rng.randint(MIN_PRICE, MAX_PRICE) if rng.random() < 0.1 else near
    return Ask(
        account=rng.choice(TRADERS),
        buys=rng.random() < 0.5,
        outcome=rng.randrange(outcomes),
        price=max(MIN_PRICE, min(MAX_PRICE, price)),
        size=rng.randint(1, 2_000) if rng.random() < 0.1 else rng.randint(1, 12),
        terms=rng.choice(TERMS),
    )

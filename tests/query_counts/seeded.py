"""A small venue in which every kind of row exists, and how each endpoint is asked for something real in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from governance.identity import tokens
from markets.trading.memory import stream_of
from tests.api_markets.venue import Person, Venue, an_order
from tests.console.scene import catch_up
from tests.governance.people import PASSWORD

ROOT = "/api/v1/"
_ORDERS = "markets/<uuid:market_id>/orders"
_MEMBER = "organizations/<slug:reference>/members/<uuid:user_id>"
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
YES_WINS = {"outcome": 0, "evidence": "The gauge."}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: who sends it, where to, and with which body."""

    person: Person
    path: str
    body: object = None


@dataclass
class Seeded:
    """`chief`, an admin who trades, calls wherever a recipe does not say otherwise."""

    venue: Venue = field(default_factory=Venue)

    def __post_init__(self) -> None:
        self.venue.fund(self.venue.chief, 10_000)
        self.chief, self.bob = self.venue.chief, self.venue.trader()
        self.market = self.venue.market(is_public=True, house_liquidity=50)
        self.order = ""
        self.key = self.chief.post("api-keys", {"name": "first"})["id"]
        self.grow(1)

    def grow(self, times: int) -> None:
        """More of everything that lists show."""
        for _ in range(times):
            self.bob.order(self.market, side="sell", price=6000, quantity=2)
            self.order = self.chief.order(self.market, price=6000, quantity=5)["id"]
            self.chief.order(self.market, price=2000 + times, quantity=1)
            self.chief.order(self.venue.market(is_public=True), price=4000, quantity=1)
            self.chief.post("api-keys", {"name": "another"})
            self.venue.trader()
        catch_up()

    def parameters(self) -> dict[str, object]:
        """What stands for each of the addresses' parameters, by its name."""
        return {
            "market_id": self.market,
            "order_id": self.order,
            "reference": self.venue.organization.slug,
            "user_id": self.bob.user.pk,
            "api_key_id": self.key,
            "stream": stream_of(self.market),
        }

    def asked(self, method: str, address: str) -> Asked:
        """The request for an endpoint: its recipe, or the chief with an empty body."""
        recipe = WRITES.get(f"{method.upper()} {address.removeprefix(ROOT)}")
        return recipe(self) if recipe else Asked(self.chief, self.filled(address), {})

    def filled(self, address: str, **given: object) -> str:
        """The address with its parameters. One that is not known becomes a random id, which finds nothing."""
        known = {**self.parameters(), **given}
        return _PARAMETER.sub(lambda found: str(known.get(found[2], uuid4())), address)

    def resting_order(self) -> str:
        return str(self.chief.order(self.market, price=1500, quantity=1)["id"])


Recipe = Callable[[Seeded], Asked]


def by(name: str, path: str, body: Any = None) -> Recipe:
    """A request about what is seeded, by the `Venue`'s person of that name."""

    def recipe(seeded: Seeded) -> Asked:
        given = body(seeded) if callable(body) else body
        return Asked(getattr(seeded.venue, name), seeded.filled(ROOT + path), {} if given is None else given)

    return recipe


def step(name: str, deed: str, *before: tuple[str, str, object], body: object = None) -> Recipe:
    """A step of a market's life, on a market that `before` (person, deed, body) has brought there from a draft."""

    def recipe(seeded: Seeded) -> Asked:
        market = seeded.venue.draft(dispute_window_s=0)
        for person, earlier, given in before:
            getattr(seeded.venue, person).post(f"markets/{market}/{earlier}", given)
        return Asked(getattr(seeded.venue, name), f"{ROOT}markets/{market}/{deed}", {} if body is None else body)

    return recipe


_SUBMIT = ("chief", "submit", None)
_OPEN = (_SUBMIT, ("second", "approve", None), ("chief", "open", None))
_CLOSED = (*_OPEN, ("chief", "close", {"reason": "Over."}))
_RESOLVED = (*_CLOSED, ("second", "resolve", YES_WINS))


def _batch(seeded: Seeded) -> object:
    return {"orders": [{"market": seeded.market, **an_order(price=1000 + index)} for index in range(3)]}


def _note(seeded: Seeded) -> object:
    return {
        "organization": str(seeded.venue.organization.pk),
        "name": uuid4().hex,
        "type": "custom.Noted",
        "data": {"n": 1},
    }


def _credentials(seeded: Seeded) -> object:
    return {"username": seeded.chief.user.username, "password": PASSWORD}


def _refresh(seeded: Seeded) -> object:
    return {"refresh": tokens._pair(seeded.chief.user).refresh}


def _cancel_one(seeded: Seeded) -> Asked:
    return Asked(seeded.chief, f"{ROOT}orders/{seeded.resting_order()}")


def _remove_member(seeded: Seeded) -> Asked:
    return Asked(seeded.chief, seeded.filled(ROOT + _MEMBER, user_id=seeded.venue.trader().user.pk))


def _merge(seeded: Seeded) -> Asked:
    seeded.chief.post(f"markets/{seeded.market}/mint", {"quantity": 3})
    return Asked(seeded.chief, f"{ROOT}markets/{seeded.market}/merge", {"quantity": 1})


def _new_member(seeded: Seeded) -> object:
    return {"username": Venue().trader().user.username, "role": ""}


# What a write is asked to do, so that it is measured doing it. One without a recipe is measured as it refuses an empty body.
WRITES: dict[str, Recipe] = {
    "POST auth/token": by("chief", "auth/token", _credentials),
    "POST auth/token/refresh": by("chief", "auth/token/refresh", _refresh),
    "POST auth/token/revoke": by("chief", "auth/token/revoke", _refresh),
    "POST api-keys": by("chief", "api-keys", {"name": "new"}),
    "DELETE api-keys/<uuid:api_key_id>": by("chief", "api-keys/<uuid:api_key_id>"),
    "POST organizations/<slug:reference>/members": by("chief", "organizations/<slug:reference>/members", _new_member),
    f"PATCH {_MEMBER}": by("chief", _MEMBER, {"role": "viewer"}),
    f"DELETE {_MEMBER}": _remove_member,
    f"POST {_MEMBER}/deposit": by("chief", f"{_MEMBER}/deposit", {"units": 10_000}),
    f"POST {_MEMBER}/withdraw": by("chief", f"{_MEMBER}/withdraw", {"units": 10_000}),
    "POST organizations/<slug:reference>/subsidy": by(
        "chief", "organizations/<slug:reference>/subsidy", {"units": 10_000}
    ),
    "POST event-sourcing/events": by("chief", "event-sourcing/events", _note),
    "POST markets": by(
        "chief",
        "markets",
        lambda seeded: {"organization": seeded.venue.organization.slug, "question": "Rain?", "criteria": "The gauge."},
    ),
    f"POST {_ORDERS}": by("chief", _ORDERS, an_order(price=1200)),
    "POST orders/batch": by("chief", "orders/batch", _batch),
    "DELETE orders/<uuid:order_id>": _cancel_one,
    "DELETE orders": by("chief", "orders"),
    "POST markets/<uuid:market_id>/mint": by("chief", "markets/<uuid:market_id>/mint", {"quantity": 3}),
    "POST markets/<uuid:market_id>/merge": _merge,
    "POST markets/<uuid:market_id>/submit": step("chief", "submit"),
    "POST markets/<uuid:market_id>/return": step("second", "return", _SUBMIT, body={"reason": "Unclear."}),
    "POST markets/<uuid:market_id>/approve": step("second", "approve", _SUBMIT),
    "POST markets/<uuid:market_id>/open": step("chief", "open", *_OPEN[:2]),
    "POST markets/<uuid:market_id>/halt": step("chief", "halt", *_OPEN, body={"reason": "Rain."}),
    "POST markets/<uuid:market_id>/close": step("chief", "close", *_OPEN, body={"reason": "Over."}),
    "POST markets/<uuid:market_id>/resolve": step("second", "resolve", *_CLOSED, body=YES_WINS),
    "POST markets/<uuid:market_id>/withdraw-resolution": step(
        "second", "withdraw-resolution", *_RESOLVED, body={"reason": "Misread."}
    ),
    "POST markets/<uuid:market_id>/finalize": step("third", "finalize", *_RESOLVED),
}

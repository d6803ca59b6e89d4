"""Markets that have been traded, closed and resolved over HTTP, and the steps that end them."""

from datetime import timedelta

import pytest

from opinion_market.kernel import clock
from tests.api_markets.venue import CREDIT, Person, Venue

YES = {"outcome": 0, "evidence": "The gauge read 3 mm."}
BOND = 5 * CREDIT
WHY = {"reason": "The gauge is broken."}


def a_traded_market(venue: Venue, **terms: object) -> tuple[str, Person, Person]:
    """Ann holds 10 Yes she paid 6 credits for, Bob 10 No he paid 4 for; both have 994 and 996 credits."""
    market = venue.market(**{"dispute_window_s": 3600, "dispute_bond": BOND, **terms})
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, outcome=1, price=4000)
    ann.order(market, price=6000)
    return market, ann, bob


def a_resolved_market(venue: Venue, **terms: object) -> tuple[str, Person, Person]:
    market, ann, bob = a_traded_market(venue, **terms)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    venue.second.post(f"markets/{market}/resolve", YES)
    return market, ann, bob


def available(person: Person) -> int:
    return person.cash()["available"]


def wind(monkeypatch: pytest.MonkeyPatch, **by: int) -> None:
    later = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: later)


def settled(venue: Venue, market: str) -> None:
    venue.third.post(f"markets/{market}/finalize")


def correct(venue: Venue, market: str, **payout: object) -> None:
    venue.second.post(f"markets/{market}/correct", {**payout, "reason": "Read wrongly."})
    venue.third.post(f"markets/{market}/approve-correction")

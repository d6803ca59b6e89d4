"""Pages put together from kept pieces hold what the selectors find, whatever they are narrowed to and however they turn."""

from datetime import UTC, datetime
from itertools import chain, combinations

import pytest

from governance.access.policies import access_of
from markets.lifecycle import selectors
from tests.api_markets.venue import Person, Venue

SOON, LATER = datetime(2031, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
ORDERINGS = {"newest": ("-created_at", "-id"), "volume": ("-volume_units", "-id"), "closing": ("closes_or_never", "id")}
# (name of the parameter, its text, what it means to the selector)
NARROWER = [
    ("status", "open", {"statuses": ["open"]}),
    ("kind", "binary", {"kind": "binary"}),
    ("category", "weather", {"category": "weather"}),
    ("is_public", "true", {"is_public": True}),
    ("closing_from", SOON.isoformat(), {"closing_from": SOON}),
    ("closing_before", LATER.isoformat(), {"closing_before": LATER}),
    ("search", '"rain fall" or snow -hail', {"search": '"rain fall" or snow -hail'}),
]
PAIRS = list(chain([()], combinations(NARROWER, 1), combinations(NARROWER, 2)))


@pytest.fixture
def venue(db: None) -> Venue:
    venue = Venue()
    ann, bob = venue.trader(), venue.trader()
    for index in range(8):
        market = venue.market(
            question=["Much rain fall?", "Any snow?", "Snow or hail?", "Nothing?"][index % 4],
            category=["weather", ""][index % 2],
            is_public=index % 3 == 0,
            closes_at=[None, SOON.isoformat(), LATER.isoformat()][index % 3],
            **({"kind": "categorical", "outcomes": ["A", "B", "C"], "is_exhaustive": True} if index == 5 else {}),
        )
        bob.order(market, side="sell", price=6000, quantity=1 + index % 3)
        ann.order(market, price=6000, quantity=1 + index % 3)
    venue.draft(question="Snow on a draft?")
    return venue


def turned(reader: Person, direction: str, path: str) -> list[list[str]]:
    """The pages from here on, as lists of ids."""
    pages = []
    while path is not None:
        body = reader.client.get(path).json()
        pages.append([each["id"] for each in body["results"]])
        path = body[direction]
    return pages


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_filters_orders_and_pages_are_those_of_the_selectors(venue, ordering):
    for reader in (venue.trader(), venue.member("viewer"), Venue().chief):
        access = access_of(reader.user)
        for narrower in PAIRS:
            meaning = {name: value for _, _, means in narrower for name, value in means.items()}
            found = selectors.with_closing_order(
                selectors.matching(selectors.markets_visible_to(access), **meaning)
            ).order_by(*ORDERINGS[ordering])
            expected = [str(pk) for pk in found.values_list("pk", flat=True)]
            query = {name: text for name, text, _ in narrower}
            assert [each["id"] for each in reader.get("markets", ordering=ordering, **query)["results"]] == expected


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_leafing_there_and_back_meets_every_market_once(venue, ordering):
    reader = venue.member("viewer")
    whole = [each["id"] for each in reader.get("markets", ordering=ordering)["results"]]
    forwards = turned(reader, "next", f"/api/v1/markets?limit=2&ordering={ordering}")
    assert list(chain.from_iterable(forwards)) == whole
    last = f"/api/v1/markets?limit=2&ordering={ordering}"
    while (following := reader.client.get(last).json()["next"]) is not None:
        last = following
    assert turned(reader, "previous", last) == forwards[::-1]


def test_a_query_that_is_long_or_not_plain_is_understood_like_any_other(venue):
    reader = venue.trader()
    plain = reader.get("markets", search="snow")["results"]
    assert reader.client.get("/api/v1/markets?search=snow" + "&search=snow" * 40).json()["results"] == plain
    assert reader.get("markets", search="snów")["results"] == []
    assert reader.client.get("/api/v1/markets?search=sn\u00f3w").json()["results"] == []
    assert reader.refused("get", "markets?limit=0" + "&search=snow" * 40) == (422, "invalid_input")

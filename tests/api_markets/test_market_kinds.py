"""Scalar markets, groups, and outcomes split off from "Other", over HTTP."""

import pytest

from tests.api_markets.venue import CREDIT, Venue

pytestmark = pytest.mark.django_db

TEMPERATURE = {"kind": "scalar", "scalar_lower": "-10", "scalar_upper": "40", "scalar_unit": "°C"}


@pytest.mark.parametrize(
    ("value", "payout"),
    [("15", [5000, 5000]), ("-30", [0, 10_000]), ("40.5", [10_000, 0]), ("2.34567", [2469, 7531])],
)
def test_a_scalar_market_pays_the_place_of_its_value(venue: Venue, value: str, payout: list[int]) -> None:
    market, long, short = venue.market(**TEMPERATURE, dispute_window_s=0), venue.trader(), venue.trader()
    short.order(market, side="sell", price=6000, quantity=10)
    long.order(market, price=6000, quantity=10)
    read = long.get(f"markets/{market}")
    assert [outcome["label"] for outcome in read["outcomes"]] == ["Long", "Short"]
    assert (read["scalar"]["lower"], read["scalar"]["unit"], read["scalar"]["implied_value"]) == ("-10", "°C", "20")
    venue.chief.post(f"markets/{market}/close", {"reason": "Noon."})
    venue.second.post(f"markets/{market}/resolve", {"value": value, "evidence": "The thermometer."})
    venue.third.post(f"markets/{market}/finalize")
    assert [outcome["payout"] for outcome in long.get(f"markets/{market}")["outcomes"]] == payout
    assert long.cash()["balance"] == 1_000 * CREDIT - 60_000 + 10 * payout[0]
    assert short.cash()["balance"] == 1_000 * CREDIT - 40_000 + 10 * payout[1]


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "scalar"},
        {"kind": "scalar", "scalar_lower": "5", "scalar_upper": "5"},
        {"kind": "binary", "scalar_lower": "1", "scalar_upper": "2"},
        {**TEMPERATURE, "outcomes": ["Low", "Middle", "High"]},
    ],
)
def test_bounds_belong_to_scalar_markets(venue: Venue, terms: dict[str, object]) -> None:
    body = {"organization": venue.organization.slug, "question": "How warm?", "criteria": "Station log.", **terms}
    assert venue.chief.refused("post", "markets", body) == (422, "invalid_market")


def test_only_a_scalar_market_resolves_at_a_value(venue: Venue) -> None:
    market = venue.market()
    venue.chief.post(f"markets/{market}/close", {"reason": "Noon."})
    body = {"value": "1", "evidence": "?"}
    assert venue.second.refused("post", f"markets/{market}/resolve", body) == (422, "invalid_payout")


def test_a_group_ties_binary_markets_together(venue: Venue) -> None:
    slug = venue.organization.slug
    group = venue.chief.post("market-groups", {"organization": slug, "question": "Which parties get in?"})
    markets = [venue.market(group=group["id"], group_label=label) for label in ("Greens", "Blues")]
    member, stranger = venue.trader(), Venue().trader()
    read = member.get(f"market-groups/{group['id']}")
    assert [(m["id"], m["group_label"]) for m in read["markets"]] == list(
        zip(markets, ("Greens", "Blues"), strict=True)
    )
    assert [g["id"] for g in member.get("market-groups")["results"]] == [group["id"]]
    assert {m["id"] for m in member.get("markets", group=group["id"])["results"]} == set(markets)
    assert stranger.refused("get", f"market-groups/{group['id']}") == (404, "group_not_found")
    assert stranger.get("market-groups", organization=slug)["results"] == []


def test_a_group_takes_binary_markets_of_its_own_organization_only(venue: Venue) -> None:
    elsewhere = Venue()
    group = elsewhere.chief.post(
        "market-groups", {"organization": elsewhere.organization.slug, "question": "Which parties get in?"}
    )
    body = {"organization": venue.organization.slug, "question": "?", "criteria": "!", "group": group["id"]}
    assert venue.chief.refused("post", "markets", body) == (422, "invalid_market")
    body = {**body, "organization": elsewhere.organization.slug, "kind": "categorical", "outcomes": ["A", "B"]}
    assert elsewhere.chief.refused("post", "markets", body) == (422, "invalid_market")


def test_an_outcome_is_split_off_from_other(venue: Venue) -> None:
    market = venue.market(kind="categorical", outcomes=["Ito", "Okafor"], house_liquidity=100)
    holder, maker = venue.trader(), venue.trader()
    holder.order(market, outcome=2, type="market", price=9999, quantity=30)
    resting = maker.order(market, outcome=2, price=100, quantity=5)["id"]
    elsewhere = maker.order(market, outcome=0, price=100, quantity=5)["id"]
    before = [outcome["price"] for outcome in holder.get(f"markets/{market}")["outcomes"]]
    venue.chief.post(f"markets/{market}/outcomes", {"label": "Ms. Weiss", "share_bps": 4000})

    read = holder.get(f"markets/{market}")
    assert [outcome["label"] for outcome in read["outcomes"]] == ["Ito", "Okafor", "Other", "Ms. Weiss"]
    after = [outcome["price"] for outcome in read["outcomes"]]
    assert after[:2] == before[:2]
    assert after[2] + after[3] == before[2]
    assert maker.get(f"orders/{resting}")["status"] == "cancelled"
    assert maker.get(f"orders/{elsewhere}")["status"] == "open"
    held = {position["outcome"]: position["free"] for position in holder.get("positions")["results"]}
    assert held == {2: 30, 3: 30}
    sold = holder.order(market, outcome=3, side="sell", type="market", price=1, quantity=30)
    assert sold["filled_quantity"] == 30
    assert len(holder.get(f"markets/{market}/book")["outcomes"]) == 4


def test_splitting_is_refused_with_a_code(venue: Venue) -> None:
    exhaustive = venue.market(kind="categorical", outcomes=["A", "B", "C"], is_exhaustive=True)
    assert venue.chief.refused("post", f"markets/{exhaustive}/outcomes", {"label": "D"}) == (
        409,
        "outcome_not_splittable",
    )
    market = venue.market(kind="categorical", outcomes=["A", "B"])
    path = f"markets/{market}/outcomes"
    assert venue.chief.refused("post", path, {"label": "a"}) == (422, "invalid_market")
    assert venue.trader().refused("post", path, {"label": "D"}) == (403, "permission_missing")
    venue.chief.post(f"markets/{market}/close", {"reason": "Noon."})
    assert venue.chief.refused("post", path, {"label": "D"}) == (409, "wrong_state")

"""Balances, statements, portfolios, and the staff's deposits."""

import csv
import io

import pytest

from tests.api_markets.venue import CREDIT


def member_path(venue, person, deed):
    return f"organizations/{venue.organization.slug}/members/{person.user.pk}/{deed}"


def test_deposits_and_withdrawals_change_the_balance(venue):
    ann = venue.member()
    assert ann.cash() == {
        "id": None,
        "organization": str(venue.organization.pk),
        "organization_slug": venue.organization.slug,
        "balance": 0,
        "reserved": 0,
        "available": 0,
        "limits": dict.fromkeys(
            ["open_orders", "position", "order_value", "market_open_orders", "market_position", "market_order_quantity"]
        ),
        "blocked": None,
    }
    deposited = venue.chief.post(member_path(venue, ann, "deposit"), {"units": 70_000, "note": "Hello."}, expected=201)
    assert deposited == ann.cash() == venue.chief.get(member_path(venue, ann, "account"))
    venue.chief.post(member_path(venue, ann, "withdraw"), {"units": 30_000})
    assert (ann.cash()["balance"], ann.cash()["available"]) == (40_000, 40_000)
    entries = ann.get("account/entries")["results"]
    assert [(entry["reason"], entry["units"], entry["balance_after"]) for entry in entries] == [
        ("withdrawal", -30_000, 40_000),
        ("deposit", 70_000, 70_000),
    ]
    assert {entry["stream"] for entry in entries} == {f"account-{ann.cash()['id']}"}


def test_what_orders_have_reserved_cannot_be_withdrawn(venue):
    ann, market = venue.trader(credits=10), venue.market()
    ann.order(market, price=5000, quantity=10)
    path = member_path(venue, ann, "withdraw")
    assert venue.chief.refused("post", path, {"units": 5 * CREDIT + 1}) == (409, "insufficient_balance")
    venue.chief.post(path, {"units": 5 * CREDIT})
    assert (ann.cash()["reserved"], ann.cash()["available"]) == (5 * CREDIT, 0)


@pytest.mark.parametrize("units", [0, -5, 1.5, "10", 10**15 + 1, None])
def test_sums_are_positive_whole_units(venue, units):
    path = member_path(venue, venue.member(), "deposit")
    assert venue.chief.refused("post", path, {"units": units}) == (422, "invalid_input")


def test_the_subsidy_is_funded_and_spent_on_houses(venue):
    path = f"organizations/{venue.organization.slug}/subsidy"
    before = venue.chief.get(path)["balance"]
    venue.chief.post(path, {"units": 5 * CREDIT})
    venue.market(house_liquidity=10)
    spent = before + 5 * CREDIT - venue.chief.get(path)["balance"]
    assert 69_300 < spent < 69_400  # 10 ln 2 credits


def test_the_statement_is_filtered_paged_and_exported(venue):
    ann, bob, market = venue.trader(), venue.trader(), venue.market(taker_fee_bps=100)
    bob.order(market, side="sell", price=6000, quantity=30)
    for _ in range(3):
        ann.order(market, price=6000, quantity=5)
    every = ann.get("account/entries")["results"]
    assert [entry["reason"] for entry in every] == ["trade"] * 3 + ["deposit"]
    assert ann.get("account/entries", reason=["deposit"])["results"] == every[-1:]
    assert ann.get("account/entries", since=every[0]["recorded_at"])["results"] == every[:1]
    assert ann.get("account/entries", until=every[0]["recorded_at"])["results"] == every[1:]
    page = ann.get("account/entries", limit=3)
    assert page["results"] + ann.client.get(page["next"]).json()["results"] == every
    assert every[0]["balance_after"] == ann.cash()["balance"] == sum(entry["units"] for entry in every)
    exported = ann.client.get("/api/v1/account/entries.csv", {"reason": "trade"})
    assert exported["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(exported.streaming_content).decode())))
    assert [int(row["units"]) for row in rows] == [entry["units"] for entry in every[:3]]
    assert {row["organization"] for row in rows} == {str(venue.organization.pk)}


def test_a_portfolio_is_cash_and_contracts_at_the_last_prices(venue, elsewhere):
    ann, bob = venue.trader(credits=100), venue.trader()
    two, three = venue.market(), venue.market(kind="categorical", outcomes=["A", "B"])
    bob.order(two, side="sell", price=6000, quantity=10)
    ann.order(two, price=6000, quantity=10)
    ann.post(f"markets/{three}/mint", {"quantity": 2})
    portfolio = ann.get("portfolio")
    assert portfolio["balance"] == (100 - 6 - 2) * CREDIT
    assert [held["value"] for held in portfolio["markets"]] == [60_000, 2 * CREDIT]
    labels = [[position["label"] for position in held["positions"]] for held in portfolio["markets"]]
    assert labels == [["Yes"], ["A", "B", "Other"]]
    assert portfolio["total"] == portfolio["balance"] + portfolio["positions_value"] == 100 * CREDIT
    ann.order(two, side="sell", price=9000, quantity=10)
    (held, _) = ann.get("portfolio", organization=venue.organization.slug)["markets"]
    (position,) = held["positions"]
    assert (position["free"], position["reserved"], position["value"]) == (0, 10, 60_000)

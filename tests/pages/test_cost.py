"""The order ticket's arithmetic (JavaScript) beside what the exchange then charges."""

import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from opinion_market.settings.env import BASE_DIR
from tests.api_markets.venue import CREDIT, Person, Venue

COST = BASE_DIR / "opinion_market" / "pages" / "static" / "pages" / "js" / "cost.js"
SCRIPT = Path(__file__).with_name("cost.mjs")
pytestmark = [pytest.mark.django_db, pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")]


def ticket(cases: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What the ticket shows for each case."""
    module = folder / "cost.mjs"
    module.write_text(COST.read_text())
    run = subprocess.run(
        ["node", SCRIPT, module.as_uri()], input=json.dumps(cases), text=True, capture_output=True, check=True
    )
    answers: list[dict[str, Any]] = json.loads(run.stdout)
    return answers


def shown(person: Person, market: str, order: dict[str, Any], rates: tuple[int, int], folder: Path) -> dict[str, Any]:
    book = person.get(f"markets/{market}/book")
    outcome = book["outcomes"][order["outcome"]]
    price = outcome["house_price"]
    house = None if price is None else {"b": book["house_liquidity"], "price": float(price) / 10_000}
    asked = {"side": order["side"], "limit": order.get("price"), "rests": order["type"] == "limit"}
    asked |= {name: order[name] for name in ("quantity", "budget") if name in order}
    asked = {name: value for name, value in asked.items() if value is not None}
    case = {"order": asked, "book": {"bids": outcome["bids"], "offers": outcome["offers"], "house": house}}
    (answer,) = ticket([{**case, "taker": rates[0], "maker": rates[1], "held": 0}], folder)
    return answer


@pytest.mark.parametrize("seed", range(6))
def test_without_a_house_the_ticket_is_right_to_the_unit(tmp_path: Path, seed: int) -> None:
    rng, venue = Random(seed), Venue()
    rates = (rng.choice([0, 50, 333]), rng.choice([0, 20]))
    market = venue.market(taker_fee_bps=rates[0], maker_fee_bps=rates[1])
    maker, taker = venue.trader(), venue.trader()
    for _ in range(6):
        maker.order(market, side="buy", price=rng.randrange(3_000, 5_000), quantity=rng.randrange(1, 40))
        maker.order(market, side="sell", price=rng.randrange(5_000, 7_000), quantity=rng.randrange(1, 40))
    order: dict[str, Any] = {"outcome": rng.randrange(2), "side": rng.choice(["buy", "sell"])}
    order |= {"type": "limit", "price": rng.randrange(2_500, 7_500), "quantity": rng.randrange(1, 150)}
    answer = shown(taker, market, order, rates, tmp_path)
    before = taker.cash()
    placed = taker.order(market, **order)
    after = taker.cash()
    assert int(answer["swept"]["filled"]) == placed["filled_quantity"]
    assert int(answer["swept"]["fee"]) == placed["fees"]
    value = sum(each["price"] * each["quantity"] for each in placed["fills"])
    assert int(answer["swept"]["value"]) == value
    assert before["available"] - after["available"] <= int(answer["worst"]["cost"])


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_with_a_house_the_estimate_is_within_a_unit_per_fill(tmp_path: Path, side: str) -> None:
    venue = Venue()
    market = venue.market(house_liquidity=80, taker_fee_bps=100)
    maker, taker = venue.trader(), venue.trader()
    maker.order(market, side="sell", price=5_600, quantity=7)
    maker.order(market, side="buy", price=4_400, quantity=7)
    order = {"outcome": 0, "side": side, "type": "market", "quantity": 60}
    answer = shown(taker, market, order, (100, 0), tmp_path)
    placed = taker.post(f"markets/{market}/orders", order, 201)
    paid = abs(sum(each["value"] for each in taker.get("fills")["results"]))
    assert int(answer["swept"]["filled"]) == placed["filled_quantity"] == 60
    assert abs(int(answer["swept"]["value"]) - paid) <= len(placed["fills"])
    assert abs(int(answer["swept"]["fee"]) - placed["fees"]) <= 1


def test_a_budget_buys_what_the_ticket_says_and_never_more(tmp_path: Path) -> None:
    venue = Venue()
    market = venue.market(taker_fee_bps=200)
    maker, taker = venue.trader(), venue.trader()
    for price in (5_100, 5_300, 6_000):
        maker.order(market, side="sell", price=price, quantity=9)
    order = {"outcome": 0, "side": "buy", "type": "market", "budget": 10 * CREDIT}
    answer = shown(taker, market, order, (200, 0), tmp_path)
    placed = taker.post(f"markets/{market}/orders", order, 201)
    assert int(answer["swept"]["filled"]) == placed["filled_quantity"]
    spent = int(answer["swept"]["value"]) + int(answer["swept"]["fee"])
    assert spent == 1_000 * CREDIT - taker.cash()["balance"] <= 10 * CREDIT == int(answer["worst"]["cost"])

"""The curve against values computed elsewhere, with 60-digit decimals."""

import json
from decimal import Decimal
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest

from markets.engine import lmsr
from markets.engine.units import SET_UNITS

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "lmsr.json"


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    if not VECTORS.exists():
        pytest.skip("the shared test vectors (shared/vectors/lmsr.json beside the repository) are not here")
    return {case["id"]: case for case in json.loads(VECTORS.read_text())["cases"]}


def units(credits_: str) -> Decimal:
    return Decimal(credits_) * SET_UNITS


def test_the_subsidy_is_the_worst_loss_rounded_up(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["subsidy"]
    prior = [SET_UNITS // case["n"]] * case["n"]
    assert lmsr.subsidy_units(int(case["b"]), prior) == ceil(units(case["subsidy"]))


def test_a_purchase_costs_the_exact_value_rounded_up_and_moves_the_price(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["buy10"]
    q, b, contracts = [float(sold) for sold in case["q"]], int(case["b"]), int(case["buy"])
    assert lmsr.buy_cost_units(q, b, case["outcome"], contracts) == ceil(units(case["cost"]))
    q[case["outcome"]] += contracts
    assert lmsr.price(q, b, case["outcome"]) == pytest.approx(float(case["price_after"]), rel=1e-14)


def test_a_budget_buys_the_exact_number_of_contracts(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["spend10"]
    q, budget = [float(sold) for sold in case["q"]], int(units(case["spend"]))
    bought = lmsr.spend_contracts(q, int(case["b"]), case["outcome"], budget)
    assert bought == pytest.approx(float(case["shares"]), rel=1e-14)


def test_a_sale_brings_the_exact_value_rounded_down(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["sell30"]
    q = [float(sold) for sold in case["q"]]
    proceeds = lmsr.sell_proceeds_units(q, int(case["b"]), case["outcome"], int(case["sell"]))
    assert proceeds == floor(units(case["receives"]))

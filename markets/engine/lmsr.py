"""The logarithmic market scoring rule: the curve the house market maker trades along.

C(q) = m + b ln sum exp((q_i - m) / b), m = max q, where q counts the contracts sold of each outcome. Floats live here
and nowhere else; results are rounded against the trader. Costs are computed from prices, not as differences of C:
C(q + k e_i) - C(q) = b ln(1 + p_i (exp(k / b) - 1)), which keeps full relative precision however large q is.
Source: Hanson (2003), Combinatorial Information Market Design.
"""

import math
from collections.abc import Sequence

from markets.engine.units import SET_UNITS

# Prices at which the house stops selling and buying, in units.
CEILING_UNITS = 9_900
FLOOR_UNITS = 100
# Relative error of the formulas in double precision is below 1e-13 for |q/b| < 500; ten times that is kept as margin.
_MARGIN = 1e-12


def start(prior_units: Sequence[int], b: int) -> list[float]:
    """Offsets of q, in contracts, that make the opening prices the prior (units summing to 10,000)."""
    return [b * math.log(price / SET_UNITS) for price in prior_units]


def prices(q: Sequence[float], b: int) -> list[float]:
    """Price of each outcome, in (0, 1), summing to 1. `q`: contracts per outcome; b > 0, contracts."""
    top = max(q)
    weights = [math.exp((quantity - top) / b) for quantity in q]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def price(q: Sequence[float], b: int, outcome: int) -> float:
    """Price of one outcome, in (0, 1)."""
    return prices(q, b)[outcome]


def buy_cost_units(q: Sequence[float], b: int, outcome: int, contracts: int) -> int:
    """What a trader pays for `contracts` of `outcome`, in units, rounded up."""
    cost = b * math.log1p(price(q, b, outcome) * math.expm1(contracts / b)) * SET_UNITS
    return min(math.ceil(cost * (1 + _MARGIN)), contracts * SET_UNITS)


def sell_proceeds_units(q: Sequence[float], b: int, outcome: int, contracts: int) -> int:
    """What a trader receives for `contracts` of `outcome`, in units, rounded down."""
    proceeds = -b * math.log1p(price(q, b, outcome) * math.expm1(-contracts / b)) * SET_UNITS
    return max(math.floor(proceeds * (1 - _MARGIN)), 0)


def contracts_to_price(q: Sequence[float], b: int, outcome: int, target: float) -> float:
    """Contracts to buy (or, negative, to sell) until the price of `outcome` is `target`: a difference of logits times b."""
    now = price(q, b, outcome)
    return b * (math.log(target) - math.log1p(-target) - math.log(now) + math.log1p(-now))


def spend_contracts(q: Sequence[float], b: int, outcome: int, units: int) -> float:
    """Contracts that a budget in units buys: b ln(1 + (exp(s / b) - 1) / p), s the budget in set values."""
    return b * math.log1p(math.expm1(units / SET_UNITS / b) / price(q, b, outcome))


def subsidy_units(b: int, prior_units: Sequence[int]) -> int:
    """The house's worst loss, in units, rounded up: b ln(1 / least prior), which is b ln n for equal priors."""
    return math.ceil(b * math.log(SET_UNITS / min(prior_units)) * SET_UNITS * (1 + _MARGIN))

"""The logarithmic market scoring rule: the curve the house market maker trades along.

C(q) = m + b ln sum exp((q_i - m) / b), m = max q, where q counts the contracts sold of each outcome. Floats live here
and nowhere else; results are rounded against the trader. Costs are computed from prices, not as differences of C:
C(q + k e_i) - C(q) = b ln(1 + p_i (exp(k / b) - 1)), which keeps full relative precision however large q is. Prices are
held as log odds, because an outcome's price may fall far below what a float can hold: trading along other outcomes
drives it there, past the floor that stops trading along itself. Source: Hanson (2003), Combinatorial Information Market Design.
"""

import math
from collections.abc import Sequence

from markets.engine.units import SET_UNITS

# Prices at which the house stops selling and buying, in units.
CEILING_UNITS = 9_900
FLOOR_UNITS = 100
# Relative errors of the formulas in double precision: a few roundings, and those of the log odds, which count absolutely.
# Both are ten times what was measured against 60-digit decimals.
_MARGIN = 1e-12
_MARGIN_PER_LOG_ODDS = 5e-15
# From here on exp(x) dwarfs 1 in double precision.
_LARGE = 37.0


def start(prior_units: Sequence[int], b: int) -> list[float]:
    """Offsets of q, in contracts, that make the opening prices the prior (units summing to 10,000)."""
    return [b * math.log(price / SET_UNITS) for price in prior_units]


def prices(q: Sequence[float], b: int) -> list[float]:
    """Price of each outcome, in [0, 1], summing to 1. `q`: contracts per outcome; b > 0, contracts."""
    top = max(q)
    weights = [math.exp((quantity - top) / b) for quantity in q]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def price(q: Sequence[float], b: int, outcome: int) -> float:
    """Price of one outcome, in [0, 1]."""
    return prices(q, b)[outcome]


def log_odds(q: Sequence[float], b: int, outcome: int) -> float:
    """ln(p / (1 - p)) of an outcome's price p: finite where p itself is too small, or too near 1, for a float."""
    top = max(quantity for other, quantity in enumerate(q) if other != outcome)
    others = math.fsum(math.exp((quantity - top) / b) for other, quantity in enumerate(q) if other != outcome)
    return (q[outcome] - top) / b - math.log(others)


def buy_cost_units(q: Sequence[float], b: int, outcome: int, contracts: int) -> int:
    """What a trader pays for `contracts` > 0 of `outcome`, in units, rounded up; at least 1."""
    odds = log_odds(q, b, outcome)
    cost = b * _log_growth(odds, contracts / b) * SET_UNITS
    return max(1, min(math.ceil(cost * (1 + _margin(odds))), contracts * SET_UNITS))


def sell_proceeds_units(q: Sequence[float], b: int, outcome: int, contracts: int) -> int:
    """What a trader receives for `contracts` > 0 of `outcome`, in units, rounded down."""
    odds = log_odds(q, b, outcome)
    proceeds = b * _log_decline(odds, contracts / b) * SET_UNITS
    return max(math.floor(proceeds * (1 - _margin(odds))), 0)


def contracts_to_price(q: Sequence[float], b: int, outcome: int, target: float) -> float:
    """Contracts to buy (or, negative, to sell) until the price of `outcome` is `target`: a difference of log odds times b."""
    return b * (math.log(target) - math.log1p(-target) - log_odds(q, b, outcome))


def spend_contracts(q: Sequence[float], b: int, outcome: int, units: int) -> float:
    """Contracts that a budget in units buys: b ln(1 + (exp(s / b) - 1) / p), s the budget in set values."""
    spent = units / SET_UNITS / b
    log_price = -_softplus(-log_odds(q, b, outcome))
    if spent <= 1 and log_price > -_LARGE:
        return b * math.log1p(math.expm1(spent) / math.exp(log_price))
    return b * _softplus(spent + math.log(-math.expm1(-spent)) - log_price) if spent > 0 else 0.0


def subsidy_units(b: int, prior_units: Sequence[int]) -> int:
    """The house's worst loss, in units, rounded up: b ln(1 / least prior), which is b ln n for equal priors."""
    return math.ceil(b * math.log(SET_UNITS / min(prior_units)) * SET_UNITS * (1 + _MARGIN))


def _margin(odds: float) -> float:
    return _MARGIN + _MARGIN_PER_LOG_ODDS * abs(odds)


def _softplus(x: float) -> float:
    """ln(1 + exp(x)) without overflow."""
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def _log_growth(odds: float, x: float) -> float:
    """ln(1 + p (exp(x) - 1)) for x > 0 and p of these log odds: what a purchase of x b contracts adds to C / b."""
    log_price = -_softplus(-odds)
    if x <= 1:
        return math.log1p(math.exp(log_price) * math.expm1(x))
    grown = log_price + x
    if grown <= _LARGE:
        return math.log1p(math.exp(grown) - math.exp(log_price))
    return grown + math.exp(-_softplus(odds) - grown)


def _log_decline(odds: float, x: float) -> float:
    """-ln(1 - p (1 - exp(-x))) for x > 0 and p of these log odds: what a sale of x b contracts takes from C / b."""
    log_price = -_softplus(-odds)
    if x <= 1 or odds <= 0:
        return -math.log1p(math.exp(log_price) * math.expm1(-x))
    # p exp(-x) + (1 - p), both positive: for a price near 1 the two may be tiny and must not be found as 1 minus a float
    kept, others = log_price - x, -_softplus(odds)
    return -max(kept, others) - math.log1p(math.exp(-abs(kept - others)))

"""Dividing whole units: pro rata by the method of largest remainders (Hamilton), and evenly over hours. Pure."""

from collections.abc import Mapping


def apportion(units: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Divide `units` in proportion to the weights (by account): the shares are whole, none is off by a unit or more, and
    they sum to `units` exactly, or to nothing if there is no weight.

    Units left by rounding down go to the largest remainders, of equal ones to the larger weight, then the smaller key, so
    that the order of the weights does not matter. Accounts that come away with nothing are left out.
    """
    total = sum(weights.values())
    if total <= 0:
        return {}
    shares = {key: units * weight // total for key, weight in weights.items()}
    left = units - sum(shares.values())
    by_remainder = sorted(weights, key=lambda key: (-(units * weights[key] % total), -weights[key], key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return {key: share for key, share in shares.items() if share}


def hour_budget(budget_units: int, hours: int, hour: int) -> int:
    """What there is to pay for one of the hours (0 <= hour < hours), in units: all hours sum to the budget and differ by
    at most one unit."""
    return budget_units * (hour + 1) // hours - budget_units * hour // hours

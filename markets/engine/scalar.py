"""What a scalar market pays: Long the place of the value between the bounds, Short the rest."""

from decimal import ROUND_HALF_EVEN, Decimal

from markets.engine.units import SET_UNITS


def scalar_payout(lower: Decimal, upper: Decimal, value: Decimal) -> list[int]:
    """[Long, Short] in units, summing to 10,000; the value is clipped to [lower, upper], halves are rounded to even."""
    clipped = min(max(value, lower), upper)
    share = (clipped - lower) * SET_UNITS / (upper - lower)
    long = int(share.to_integral_value(ROUND_HALF_EVEN))
    return [long, SET_UNITS - long]


def implied_value(lower: Decimal, upper: Decimal, price_units: int) -> Decimal:
    """The value at which Long would pay its price, exactly."""
    return lower + (upper - lower) * price_units / SET_UNITS

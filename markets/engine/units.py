"""Prices are integers 1..9,999 of the 10,000 units that a complete set pays; money is an integer number of the same units."""

SET_UNITS = 10_000
MIN_PRICE = 1
MAX_PRICE = SET_UNITS - 1
MAX_QUANTITY = 1_000_000_000  # contracts per order: values stay far below 64 bits
FEE_SCALE = SET_UNITS * 10_000  # basis points of price x (set - price) / set


def fee_units(rate_bps: int, weight: int) -> int:
    """Fee for a weight of sum(price x (10,000 - price) x quantity), in units, rounded up.

    Callers accumulate the weight over an order's fills and charge the difference, so many small fills cost what one large one
    does. A negative rate is a rebate, which the same rounding makes smaller.
    """
    return -(-rate_bps * weight // FEE_SCALE)


def fill_weight(value_units: int, quantity: int) -> int:
    """The fee weight of a fill: price x (10,000 - price) x quantity, rounded up where the house's average price is a fraction."""
    return -(-value_units * (SET_UNITS * quantity - value_units) // quantity)

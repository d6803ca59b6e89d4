"""Scalar markets: their bounds, and what they pay at a value."""

from decimal import Decimal

from markets.engine.scalar import implied_value, scalar_payout
from markets.lifecycle.errors import InvalidPayout
from markets.lifecycle.models import Market


def payout_at(market: Market, value: Decimal) -> list[int]:
    """What a scalar market's outcomes pay at a value, in units. Raises InvalidPayout for a market of another kind."""
    if market.scalar_lower is None or market.scalar_upper is None:
        raise InvalidPayout("Only a scalar market resolves at a value.")
    return scalar_payout(market.scalar_lower, market.scalar_upper, value)


def value_at_price(market: Market) -> Decimal | None:
    """The value at which Long would pay its last price; None for a market of another kind."""
    if market.scalar_lower is None or market.scalar_upper is None:
        return None
    return implied_value(market.scalar_lower, market.scalar_upper, market.price_units[0])


def decimal_text(value: Decimal) -> str:
    """A decimal number without an exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bounds_text(market: Market) -> str:
    """`0 to 50 mm`; empty for a market of another kind."""
    lower, upper = market.scalar_lower, market.scalar_upper
    if lower is None or upper is None:
        return ""
    return f"{decimal_text(lower)} to {decimal_text(upper)} {market.scalar_unit}".rstrip()

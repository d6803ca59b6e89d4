"""Integer money. One credit is 10,000 units; every amount in the platform is an integer number of units."""

from decimal import Decimal, InvalidOperation

UNITS_PER_CREDIT = 10_000


def units_from_credits(text: str | Decimal) -> int:
    """Exact units of a decimal number of credits. Raises ValueError for more than 4 decimals or no number."""
    try:
        units = Decimal(text) * UNITS_PER_CREDIT
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number of credits.") from None
    if not units.is_finite() or units != units.to_integral_value():
        raise ValueError(f"{text!r} has more than 4 decimals.")
    return int(units)


def credits_text(units: int) -> str:
    """Units as credits for people: `1234500` -> `123.45`, always two to four decimals, grouped in thousands."""
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), UNITS_PER_CREDIT)
    decimals = f"{rest:04d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole:,}.{decimals}"

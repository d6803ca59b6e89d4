"""Template filters for money, prices and times, as the pages write them."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from markets.engine.units import SET_UNITS

register = template.Library()
_MINUS = "\N{MINUS SIGN}"


@register.filter
def credits(units: int | None) -> str:
    """Units as credits with two decimals, rounded towards zero, four below a hundredth; a dash for None."""
    if units is None:
        return "\N{EN DASH}"
    sign = _MINUS if units < 0 else ""
    if 0 < abs(units) < 100:
        return f"{sign}0.{abs(units):04d}"
    whole, rest = divmod(abs(units), SET_UNITS)
    return f"{sign}{whole:,}.{rest // 100:02d}"


@register.filter
def percent(price_units: int | None) -> str:
    """A price in units as a chance in percent, exactly."""
    return "\N{EN DASH}" if price_units is None else f"{price_units // 100}.{price_units % 100:02d}%"


@register.filter
def points_changed(change_units: int | None) -> str:
    """A change of price in percentage points, with its sign; a dash for None."""
    if change_units is None:
        return "\N{EN DASH}"
    sign = "+" if change_units > 0 else _MINUS if change_units < 0 else ""
    return f"{sign}{abs(change_units) // 100}.{abs(change_units) % 100:02d}"


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """A time that the page's script puts into the reader's zone; UTC stands in its title, and without the script."""
    if at is None:
        return "\N{EN DASH}"
    return format_html(
        '<time datetime="{}" title="{}" data-local>{}</time>',
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
        f"{at:%Y-%m-%d %H:%M} UTC",
    )


@register.filter
def duration(seconds: int) -> str:
    """Seconds in the largest unit that divides them: "1 day", "36 hours", "90 s"."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} s"


@register.filter
def readable(name: str) -> str:
    """`pending_approval` as "Pending approval"."""
    return name.replace("_", " ").capitalize()

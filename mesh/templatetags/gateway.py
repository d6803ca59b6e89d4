"""Template filters of the gateway's pages."""

from django import template

register = template.Library()


@register.filter
def milliseconds(microseconds: int | None) -> str:
    """Microseconds as milliseconds, with as many decimals as are worth reading."""
    if microseconds is None:
        return "–"
    ms = microseconds / 1_000
    return f"{ms:.2f} ms" if ms < 10 else f"{ms:,.0f} ms"

"""Shares and scores in millionths, as the console shows them."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

MILLION = 1_000_000


def percentage(millionths: int | None) -> SafeString:
    """A share in percent, to the hundredth."""
    if millionths is None:
        return SafeString("–")
    sign = " om-negative" if millionths < 0 else ""
    return format_html('<span class="om-num{}">{}%</span>', sign, f"{millionths / 10_000:,.2f}")


def decimal(millionths: int | None) -> SafeString:
    """A plain number, to the fourth decimal."""
    if millionths is None:
        return SafeString("–")
    return format_html('<span class="om-num">{}</span>', f"{millionths / MILLION:,.4f}")

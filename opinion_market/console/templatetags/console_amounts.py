"""Template filters for money, contracts and people, in the console's own way of writing them."""

import re
from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString

from markets.ledger.models import Account
from markets.oversight import columns, percentages

register = template.Library()


@register.filter
def credits(units: int | None) -> SafeString:
    """Units as credits."""
    return columns.amount(units)


@register.filter
def signed_credits(units: int) -> SafeString:
    """Units as credits, gains with their sign."""
    return columns.amount(units, signed=True)


@register.filter
def grouped(number: int | None) -> SafeString:
    """A whole number, grouped in thousands."""
    return columns.number(number)


@register.filter
def percent(price_units: int | None) -> str:
    """A price as a chance."""
    return columns.percent(price_units)


@register.filter
def percentage(millionths: int | None) -> SafeString:
    """Millionths as a percentage."""
    return percentages.percentage(millionths)


@register.filter
def holder(account: Account) -> SafeString | str:
    """Whose account it is."""
    return columns.holder(account)


@register.filter
def at(labels: Sequence[str], index: int) -> str:
    """The label at an index; its number if there is none."""
    return labels[index] if 0 <= index < len(labels) else f"#{index}"


@register.filter
def unit(vector: Sequence[int] | None, index: int) -> int | None:
    """A vector's entry; None where there is no vector."""
    return vector[index] if vector is not None and index < len(vector) else None


@register.filter
def named(held: Sequence[int] | None, labels: Sequence[str]) -> list[tuple[int, str]]:
    """The contracts that are held, with the outcome of each; outcomes held none of are left out."""
    return [(count, at(labels, index)) for index, count in enumerate(held or ()) if count]


@register.filter
def in_words(event_type: str) -> str:
    """An event's type as people say it: `MarketOpened` becomes `Market opened`."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", event_type).capitalize()


@register.filter
def short_hash(value: bytes) -> str:
    """The beginning of a hash, which is enough to compare by eye."""
    return bytes(value).hex()[:12]

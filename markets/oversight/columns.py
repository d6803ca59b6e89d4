"""Small pieces of HTML that the exchange's console pages show: money, prices, people, links."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from opinion_market.kernel.money import credits_text

STATUS_COLOURS = {
    "draft": "",
    "pending_approval": "info",
    "open": "success",
    "halted": "warning",
    "closed": "warning",
    "resolved": "primary",
    "disputed": "danger",
    "finalized": "primary",
    "settled": "",
    "voided": "",
}


# Of a credit; `credits_text` leaves zeros at the end away.
DECIMALS = 4


def amount(units: int | None, *, signed: bool = False) -> SafeString:
    """Credits in figures of one width, negative ones set apart. In columns, `data-fill` makes the decimal points meet."""
    if units is None:
        return SafeString("–")
    text = f"+{credits_text(units)}" if signed and units > 0 else credits_text(units)
    missing = "0" * (DECIMALS - len(text.partition(".")[2]))
    return format_html(
        '<span class="om-num{}" data-fill="{}">{}</span>', " om-negative" if units < 0 else "", missing, text
    )


def duration_text(seconds: int) -> str:
    """Days, hours, minutes and seconds, without those that are none."""
    parts = []
    for size, one in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {one}{'' if count == 1 else 's'}")
    return " ".join(parts) or "none"


def number(value: int | None) -> SafeString:
    """A whole number, grouped, in figures of one width."""
    return SafeString("–") if value is None else format_html('<span class="om-num">{}</span>', f"{value:,}")


def percent(price_units: int | None) -> str:
    """A price as what it says: the chance in percent, to the hundredth."""
    if price_units is None:
        return "–"
    return f"{price_units // 100}.{price_units % 100:02d}".rstrip("0").rstrip(".") + "%"


def price(price_units: int | None) -> SafeString:
    """A price in credits."""
    return SafeString("–") if price_units is None else amount(price_units)


def side(value: str) -> SafeString:
    """Buy or sell, coloured."""
    return format_html('<span class="om-side om-{}">{}</span>', value, value.capitalize())


def price_bars(labels: Sequence[str], prices: Sequence[int], *, most: int = 3) -> SafeString:
    """The likeliest outcomes with a bar each."""
    ranked = sorted(zip(labels, prices, strict=False), key=lambda pair: -pair[1])
    if len(labels) == 2:
        ranked = list(zip(labels, prices, strict=False))[:1]
    rows = format_html_join(
        "",
        '<span class="om-bar-label" title="{}">{}</span>'
        '<svg class="om-bar" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width="{}" height="1"/></svg>'
        '<span class="om-num">{}</span>',
        ((label, label, round(100 * units / SET_UNITS), percent(units)) for label, units in ranked[:most]),
    )
    more = len(labels) - most
    rest = format_html('<span class="om-more">and {} more</span>', more) if len(labels) > max(most, 2) else ""
    return format_html('<span class="om-bars">{}{}</span>', rows, rest)


def market_link(market: Market | None) -> SafeString | str:
    """A market by its question."""
    if market is None:
        return "–"
    address = reverse("admin:markets_market_change", args=[market.pk])
    return format_html('<a class="om-link om-clip" href="{}" title="{}">{}</a>', address, market, market)


def holder(account: Account) -> str:
    """Whose account it is, in a word."""
    if account.kind == Account.Kind.TRADER:
        return str(account.owner)
    return account.get_kind_display()


def holder_link(account: Account) -> SafeString:
    """Whose account it is, leading to it."""
    address = reverse("admin:markets_account_change", args=[account.pk])
    return format_html('<a class="om-link" href="{}">{}</a>', address, holder(account))


def outcome_label(market: Market, index: int) -> str:
    """An outcome's label, from outcomes that have been fetched with the market."""
    labels = {outcome.index: outcome.label for outcome in market.outcomes.all()}
    return labels.get(index, f"#{index}")

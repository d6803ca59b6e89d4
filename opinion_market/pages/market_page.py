"""A market's own page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from governance.access.per_request import access_for
from governance.access.policies import Access
from governance.identity.models import User
from governance.organizations.models import Membership
from markets.lifecycle.models import Market
from markets.lifecycle.scalar import decimal_text, value_at_price
from markets.lifecycle.selectors import market_visible_to
from markets.trading.errors import MarketNotFound
from markets.watchlist.selectors import watched_ids
from opinion_market.kernel import clock
from opinion_market.pages.frame import page, reader

TRADED = (Market.Status.OPEN, Market.Status.HALTED)
ENDED = (Market.Status.SETTLED, Market.Status.VOIDED)


def market(request: HttpRequest, market_id: UUID) -> HttpResponse:
    """The question, its rules and where it stands; prices, book, trades and what is one's own come from the API.

    What the reader may not see does not exist (404).
    """
    held = access_for(request)
    try:
        found = market_visible_to(held, market_id)
    except MarketNotFound:
        return page(request, "pages/not_found.html", {}, 404)
    person = reader(request)
    is_member = person is not None and _may_trade(person, held, found)
    prices = found.price_units
    outcomes: list[dict[str, Any]] = [
        {"index": outcome.index, "label": outcome.label, "price": prices[outcome.index] if prices else None}
        for outcome in found.outcomes.all()
    ]
    proposals = list(found.proposals.order_by("-number"))
    proposal = proposals[0] if proposals else None
    context = {
        "market": found,
        "outcomes": outcomes,
        "scalar": _scalar(found),
        "payouts": _payouts(found, outcomes),
        "proposal": proposal,
        "rounds": len(proposals),
        "disputes": list(proposal.disputes.all()) if proposal else [],
        "may_dispute": is_member and _is_disputable(found, clock.now()),
        "is_watched": person is not None and found.pk in watched_ids(person),
        "is_member": is_member,
        "is_over": found.status not in TRADED,
        "facts": _facts(found, outcomes, is_member=is_member, signed_in=person is not None),
    }
    return page(request, "pages/market.html", context)


def _may_trade(person: User, held: Access, found: Market) -> bool:
    """Seeing everything is a superuser's duty; trading takes a membership, for them too."""
    if not held.everything:
        return found.organization_id in held.roles
    return Membership.objects.filter(user=person, organization=found.organization).exists()


def _is_disputable(found: Market, now: datetime) -> bool:
    """Whether disputes are taken; of those who hold contracts, which the page's scripts find out."""
    ends_at = found.dispute_ends_at
    return found.status == Market.Status.RESOLVED and ends_at is not None and now < ends_at


def _facts(found: Market, outcomes: list[dict[str, Any]], *, is_member: bool, signed_in: bool) -> dict[str, Any]:
    """What the page's scripts start from; people are not among it."""
    return {
        "id": str(found.pk),
        "kind": found.kind,
        "status": found.status,
        "outcomes": outcomes,
        "taker_fee_bps": found.taker_fee_bps,
        "maker_fee_bps": found.maker_fee_bps,
        "organization": found.organization.slug,
        "is_member": is_member,
        "signed_in": signed_in,
        "has_ended": found.status in ENDED,
    }


def _scalar(found: Market) -> dict[str, str] | None:
    if found.scalar_lower is None or found.scalar_upper is None:
        return None
    implied = value_at_price(found) if found.price_units else None
    settled = found.settlement_value
    return {
        "lower": decimal_text(found.scalar_lower),
        "upper": decimal_text(found.scalar_upper),
        "unit": found.scalar_unit,
        "implied": "" if implied is None else decimal_text(implied),
        "settled": "" if settled is None else decimal_text(settled),
    }


def _payouts(found: Market, outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a contract on each outcome pays, once that is proposed."""
    vector = found.payout_units or []
    return [{"label": each["label"], "units": units} for each, units in zip(outcomes, vector, strict=False)]

"""Reading all published markets for the ticker, in a worker's thread."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from markets.analytics.markets.ranking import day_figures
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import UNPUBLISHED
from markets.realtime.audience import Audience
from markets.realtime.frames import encode
from opinion_market.kernel import clock

# Beyond this the longest settled ones are left to the REST API.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Ticker:
    """A market's line, encoded."""

    market_id: UUID
    slug: str
    audience: Audience
    last_trade_at: datetime | None
    created_at: datetime
    body: str

    @property
    def moved_at(self) -> datetime:
        return self.last_trade_at or self.created_at


def read_tickers(market_ids: Collection[UUID] | None) -> list[Ticker]:
    """These markets' lines, or all; drafts are left out. Two queries."""
    found = Market.objects.select_related("organization").exclude(status__in=UNPUBLISHED)
    if market_ids is not None:
        found = found.filter(pk__in=market_ids)
    markets = list(found.order_by("-last_trade_at", "-id") if market_ids is not None else _newest(found))
    days = day_figures([market.pk for market in markets], now=clock.now())
    return [_ticker(market, days[market.pk]) for market in markets if market.pk in days]


def _newest(found: Any) -> Any:
    return found.order_by("-created_at", "-id")[:MOST]


def _ticker(market: Market, day: Any) -> Ticker:
    body = {
        "market": market.pk,
        "organization": market.organization_id,
        "status": market.status,
        "question": market.question,
        "prices": market.price_units,
        "price_changes_24h": [day.change_units(index) for index in range(len(market.price_units))],
        "volume": market.volume_contracts,
        "volume_value": market.volume_units,
        "volume_24h": day.contracts,
        "volume_24h_value": day.value_units,
        "version": market.version,
        "sequence": market.trade_sequence,
        "last_trade_at": market.last_trade_at,
    }
    audience = Audience.of(market)
    slug = market.organization.slug
    return Ticker(market.pk, slug, audience, market.last_trade_at, market.created_at, encode(body))

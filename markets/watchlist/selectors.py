"""Reading one's watchlist, with live prices and the change of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.access.policies import access_of
from governance.identity.models import User
from markets.analytics.markets.ranking import DayFigures, day_figures
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import markets_visible_to
from markets.watchlist.errors import NotWatched
from markets.watchlist.models import WatchedMarket


@dataclass(frozen=True, slots=True)
class Watched:
    """A market on the list, when it was put there, and its last 24 hours."""

    market: Market
    added_at: datetime
    day: DayFigures


def watchlist_of(user: User, *, now: datetime, market_id: UUID | None = None) -> Sequence[Watched]:
    """The user's list, newest first; what they may no longer see is left out. Four queries, however long it is."""
    own = WatchedMarket.objects.filter(user=user)
    if market_id is not None:
        own = own.filter(market_id=market_id)
    added = dict(own.order_by("-added_at", "-id").values_list("market_id", "added_at"))
    visible = markets_visible_to(access_of(user)).filter(pk__in=list(added)).prefetch_related("outcomes")
    markets = {market.pk: market for market in visible}
    days = day_figures(list(markets), now=now)
    return [Watched(markets[pk], at, days[pk]) for pk, at in added.items() if pk in markets]


def watched_ids(user: User) -> frozenset[UUID]:
    """The markets on the user's list, 200 at most, whether or not they can still be seen. One query."""
    return frozenset(WatchedMarket.objects.filter(user=user).values_list("market_id", flat=True))


def watched_by(user: User, market_id: UUID, *, now: datetime) -> Watched:
    """One market of the user's list. Raises NotWatched."""
    found = watchlist_of(user, now=now, market_id=market_id)
    if not found:
        raise NotWatched(market=str(market_id))
    return found[0]

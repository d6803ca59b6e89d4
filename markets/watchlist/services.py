"""Putting markets on one's watchlist and taking them off."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from governance.access.policies import access_of
from governance.identity.models import User
from markets.lifecycle.selectors import market_visible_to
from markets.watchlist.errors import WatchlistFull
from markets.watchlist.models import WatchedMarket

MOST_WATCHED = 200


@transaction.atomic
def watch(*, actor: User, market_id: UUID, now: datetime) -> tuple[WatchedMarket, bool]:
    """Put a market on the list; whether it was not there before.

    Locks: the user's row, so that the list never grows beyond 200. Raises: MarketNotFound, WatchlistFull.
    """
    market = market_visible_to(access_of(actor), market_id)
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)
    own = WatchedMarket.objects.filter(user=actor)
    found = own.filter(market=market).first()
    if found is not None:
        return found, False
    if own.count() >= MOST_WATCHED:
        raise WatchlistFull(maximum=MOST_WATCHED)
    return WatchedMarket.objects.create(user=actor, market=market, added_at=now), True


def unwatch(*, actor: User, market_id: UUID) -> None:
    """Take a market off the list, also one that can no longer be seen; one that is not on it changes nothing."""
    WatchedMarket.objects.filter(user=actor, market_id=market_id).delete()

"""Reading what happened to a user's orders while their client was away, in a worker's thread."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from markets.realtime.cursors import Cursor
from markets.realtime.sources.own import OwnFill, OwnOrder, own_fill, own_order
from markets.trading.models import Order
from markets.trading.selectors import fills_in, trades_of

MOST_RESUMED = 5_000


@dataclass(frozen=True, slots=True)
class Missed:
    """Orders that have ended and fills, newest first; `is_all` is false if there were more of either than `MOST_RESUMED`."""

    ended: list[OwnOrder]
    fills: list[OwnFill]
    is_all: bool


def read_missed(
    accounts: Collection[int], cursor: Cursor, sequences: Mapping[UUID, int], market: UUID | None
) -> Missed:
    """What these accounts were not told before the cursor, fills up to these sequences of their markets. Three queries."""
    trades = trades_of(accounts, market_id=market, executed_from=cursor.since)
    for told_market, sequence in cursor.told.items():
        trades = trades.exclude(market=told_market, sequence__lte=sequence)
    untold = [each for each in trades[: MOST_RESUMED + 1] if each.sequence <= sequences.get(each.market_id, 0)]
    fills = fills_in(untold[:MOST_RESUMED], accounts)
    changed = Order.objects.filter(account__in=accounts, updated_at__gte=cursor.orders_since)
    if market is not None:
        changed = changed.filter(market=market)
    ended = list(changed.exclude(status=Order.Status.OPEN).order_by("-id")[: MOST_RESUMED + 1])
    return Missed(
        [own_order(order) for order in ended[:MOST_RESUMED]],
        [own_fill(fill) for fill in fills],
        len(untold) <= MOST_RESUMED and len(ended) <= MOST_RESUMED,
    )

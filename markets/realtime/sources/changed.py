"""Which orders have changed since the last reading, without reading them all: a busy trader has thousands of open orders."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.prepared import array_literal, run_prepared

# An order's id begins with the time its request arrived; its batch may be committed this much later.
LATEST = timedelta(seconds=15)

# Open orders of these accounts in the markets, with what changes while they are open; and those that were placed after the
# versions, or by accounts that are new here, and have ended.
_STANDING = """
SELECT o.id::text, o.market_id::text, concat_ws('|', o.filled_quantity, o.cancelled_quantity, o.quantity, o.price_units,
    extract(epoch FROM o.expires_at), extract(epoch FROM o.updated_at))
FROM markets_order o WHERE o.status = 'open' AND o.market_id = ANY(%(markets)s::uuid[])
  AND o.account_id = ANY(%(accounts)s::bigint[])
UNION ALL
SELECT o.id::text, o.market_id::text, NULL
FROM unnest(%(markets)s::uuid[], %(versions)s::bigint[]) AS n (market, version)
JOIN markets_order o ON o.market_id = n.market AND o.id > %(since)s
  AND (o.event_version > n.version OR o.account_id = ANY(%(strangers)s::bigint[]))
WHERE o.account_id = ANY(%(accounts)s::bigint[]) AND o.status <> 'open'
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stood at a reading: whose orders were read, each market's version, and its open orders' marks by their ids."""

    accounts: frozenset[int] = frozenset()
    versions: Mapping[UUID, int] = field(default_factory=dict)
    open_orders: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict)


def changed_orders(
    accounts: Collection[int],
    versions: Mapping[UUID, int],
    known: Collection[UUID],
    since: datetime,
    standing: Standing,
) -> tuple[set[str], Standing]:
    """Ids of these accounts' orders in the markets that were placed, changed or ended since `standing`, and how things stand
    now. One query, whose answer has a row for each open order.

    versions: the markets' versions, read before. known: orders that somebody believes to be open. since: the last reading.
    """
    parameters = {
        "accounts": array_literal(accounts),
        "strangers": array_literal(set(accounts) - standing.accounts),
        "markets": array_literal(versions),
        "versions": array_literal(standing.versions.get(each, 0) for each in versions),
        "since": UUID(int=(microseconds(since - LATEST) // 1000) << 80),
    }
    now: dict[str, dict[str, str]] = {str(each): {} for each in versions}
    found = set()
    for order_id, market_id, mark in run_prepared(_STANDING, parameters).fetchall():
        if mark is None:
            found.add(order_id)
        else:
            now[market_id][order_id] = mark
    for market_id in versions:
        before, after = standing.open_orders.get(market_id, {}), now[str(market_id)]
        found.update(order_id for order_id, mark in after.items() if before.get(order_id) != mark)
        found.update(before.keys() - after.keys())
    found.update({str(order_id) for order_id in known}.difference(*now.values()))
    open_orders = {**standing.open_orders, **{each: now[str(each)] for each in versions}}
    return found, Standing(frozenset(accounts), {**standing.versions, **versions}, open_orders)

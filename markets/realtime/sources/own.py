"""Reading what is whose: orders, fills and portfolios of many users at once, in a worker's thread."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from governance.access.policies import Access
from governance.identity.models import User
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.realtime.frames import encode
from markets.trading.api.holdings import portfolio_body
from markets.trading.api.shapes import order_body, own_fill_body
from markets.trading.models import Order, Trade
from markets.trading.portfolio import portfolio_of
from markets.trading.selectors import fills_in
from opinion_market.kernel import clock
from opinion_market.kernel.clock import microseconds
from opinion_market.kernel.prepared import array_literal, run_prepared

OPEN_SHOWN = 500
FILLS_SHOWN = 50
# An order's id begins with the time its request arrived; its batch may be committed this much later.
_LATEST = timedelta(seconds=15)

# Orders of these accounts that may have changed: those that rest in the markets, and those placed since.
_CHANGED = """
SELECT id FROM markets_order WHERE status = 'open' AND market_id = ANY(%(markets)s::uuid[])
  AND account_id = ANY(%(accounts)s::bigint[])
UNION SELECT id FROM markets_order WHERE account_id = ANY(%(accounts)s::bigint[]) AND id > %(since)s
  AND market_id = ANY(%(markets)s::uuid[])
"""
_TRADES = """
SELECT t.id FROM unnest(%(markets)s::uuid[], %(after)s::bigint[], %(up_to)s::bigint[]) AS n (market, after, up_to)
JOIN markets_trade t ON t.market_id = n.market AND t.sequence > n.after AND t.sequence <= n.up_to
WHERE t.taker_account_id = ANY(%(accounts)s::bigint[]) OR t.maker_account_id = ANY(%(accounts)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order as it is sent; `mark` is what changes with it."""

    order_id: UUID
    market_id: UUID
    is_open: bool
    mark: tuple[object, ...]
    body: str


@dataclass(frozen=True, slots=True)
class OwnFill:
    market_id: UUID
    sequence: int
    body: str


@dataclass(slots=True)
class News:
    """What happened in some markets: per account its orders that may have changed and its fills, oldest first.

    `sequences`: the last trade of each market that is counted.
    """

    sequences: dict[UUID, int] = field(default_factory=dict)
    orders: dict[int, list[OwnOrder]] = field(default_factory=dict)
    fills: dict[int, list[OwnFill]] = field(default_factory=dict)


@dataclass(slots=True)
class Snapshot:
    """A user's open orders and last fills, newest first, and where each of their markets stands."""

    accounts: frozenset[int]
    orders: list[OwnOrder]
    fills: list[OwnFill]
    sequences: dict[UUID, int]


def accounts_of(users: Mapping[UUID, Access]) -> dict[UUID, frozenset[int]]:
    """The users' accounts in organizations they belong to. One query."""
    found: dict[UUID, set[int]] = {user_id: set() for user_id in users}
    rows = Account.objects.filter(kind=Account.Kind.TRADER, owner__in=users)
    for pk, owner_id, organization_id in rows.values_list("pk", "owner_id", "organization_id"):
        if owner_id is not None and users[owner_id].is_member(organization_id):
            found[owner_id].add(pk)
    return {user_id: frozenset(ids) for user_id, ids in found.items()}


def read_snapshot(user_id: UUID, access: Access) -> Snapshot:
    """Read in this order, so that what happens meanwhile comes as news, at worst once more."""
    accounts = accounts_of({user_id: access})[user_id]
    organizations = Account.objects.filter(pk__in=accounts).values("organization")
    traded = Market.objects.filter(organization__in=organizations, trade_sequence__gt=0)
    sequences = dict(traded.values_list("pk", "trade_sequence"))
    orders = Order.objects.filter(account__in=accounts, status=Order.Status.OPEN).order_by("-id")[:OPEN_SHOWN]
    trades = list(
        Trade.objects.filter(Q(taker_account__in=accounts) | Q(maker_account__in=accounts)).order_by("-id")[:FILLS_SHOWN]
    )
    fills = [fill for fill in fills_in(trades, accounts) if fill.trade.sequence <= sequences.get(fill.trade.market_id, 0)]
    return Snapshot(
        accounts,
        [_own_order(order) for order in orders],
        [OwnFill(fill.trade.market_id, fill.trade.sequence, encode(own_fill_body(fill))) for fill in fills],
        sequences,
    )


def read_news(
    accounts: Collection[int], after: Mapping[UUID, int], known: Collection[UUID], since: datetime
) -> News:
    """What happened to these accounts in the markets after these sequences; `known`: orders seen open, `since`: the last
    reading. Five queries, however many accounts and markets."""
    if not accounts or not after:
        return News(dict(after))
    ids = array_literal(accounts)
    markets = list(after)
    up_to = dict(Market.objects.filter(pk__in=markets).values_list("pk", "trade_sequence"))
    parameters = {
        "accounts": ids,
        "markets": array_literal(markets),
        "after": array_literal(after[each] for each in markets),
        "up_to": array_literal(up_to.get(each, 0) for each in markets),
        "since": UUID(int=(microseconds(since - _LATEST) // 1000) << 80),
    }
    trade_ids = [pk for (pk,) in run_prepared(_TRADES, parameters).fetchall()]
    trades = list(Trade.objects.filter(pk__in=trade_ids).order_by("id"))
    touched = {order_id for trade in trades for order_id in (trade.taker_order, trade.maker_order) if order_id}
    touched |= set(known) | {pk for (pk,) in run_prepared(_CHANGED, parameters).fetchall()}
    news = News({**after, **up_to})
    for order in Order.objects.filter(pk__in=touched, account__in=accounts).order_by("id"):
        news.orders.setdefault(order.account_id, []).append(_own_order(order))
    for account, fills in _fills(trades, frozenset(accounts)).items():
        news.fills[account] = fills
    return news


def _fills(trades: Sequence[Trade], accounts: frozenset[int]) -> dict[int, list[OwnFill]]:
    """Each trade as the fills of those of the accounts that were in it, which may be both."""
    found: dict[int, list[OwnFill]] = {}
    takers = [trade for trade in trades if trade.taker_account_id in accounts]
    makers = [trade for trade in trades if trade.maker_account_id in accounts and trade.maker_order is not None]
    taken = fills_in(takers, {trade.taker_account_id for trade in takers})
    made = [(trade, fill) for trade, fill in zip(makers, _made(makers), strict=True)]
    for fill in taken:
        _note(found, fill.trade.taker_account_id, fill)
    for trade, fill in made:
        _note(found, trade.maker_account_id, fill)
    for fills in found.values():
        fills.sort(key=lambda fill: (fill.market_id, fill.sequence))
    return found


def _own_order(order: Order) -> OwnOrder:
    mark = (order.status, order.filled_quantity, order.cancelled_quantity, order.quantity, order.price_units, order.expires_at)
    return OwnOrder(order.pk, order.market_id, order.status == Order.Status.OPEN, mark, encode(order_body(order)))


def read_portfolios(users: Sequence[User], access: Mapping[UUID, Access]) -> dict[UUID, str]:
    """Each user's portfolio without the time it was read."""
    return {}

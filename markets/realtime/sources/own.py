"""Reading what is whose: orders, fills and portfolios of many users at once, in a worker's thread."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from governance.access.policies import Access
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.realtime.frames import encode
from markets.realtime.sources.changed import Standing, changed_orders
from markets.trading.api.holdings import portfolio_body
from markets.trading.api.shapes import order_body, own_fill_body
from markets.trading.models import Order, Position, Trade
from markets.trading.portfolio import MarketHoldings, Portfolio
from markets.trading.selectors import Fill, fills_in, trades_of
from opinion_market.kernel.prepared import array_literal, run_prepared

OPEN_SHOWN = 500
FILLS_SHOWN = 50
_MOST_NEW = 5_000

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
    executed_at: datetime
    body: str


@dataclass(slots=True)
class News:
    """What happened in some markets: per account its orders that may have changed and its fills, oldest first.

    `sequences`: the last trade of each market that is counted. `standing`: what the next reading compares with.
    """

    sequences: dict[UUID, int]
    standing: Standing
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
        if users[owner_id].is_member(organization_id):
            found[owner_id].add(pk)
    return {user_id: frozenset(ids) for user_id, ids in found.items()}


def read_snapshot(user_id: UUID, access: Access, market: UUID | None) -> Snapshot:
    """Of one market or (None) of all. Read in this order, so that what happens meanwhile comes as news, at worst once more."""
    accounts = accounts_of({user_id: access})[user_id]
    organizations = Account.objects.filter(pk__in=accounts).values("organization")
    traded = Market.objects.filter(organization__in=organizations, trade_sequence__gt=0)
    sequences = dict(traded.values_list("pk", "trade_sequence"))
    orders = Order.objects.filter(account__in=accounts, status=Order.Status.OPEN).order_by("-id")
    if market is not None:
        orders = orders.filter(market=market)
    trades = list(trades_of(accounts, market_id=market)[:FILLS_SHOWN])
    fills = [
        fill for fill in fills_in(trades, accounts) if fill.trade.sequence <= sequences.get(fill.trade.market_id, 0)
    ]
    return Snapshot(
        accounts,
        [own_order(order) for order in orders[:OPEN_SHOWN]],
        [own_fill(fill) for fill in fills],
        sequences,
    )


def read_news(
    accounts: Collection[int],
    after: Mapping[UUID, int],
    known: Collection[UUID],
    since: datetime,
    standing: Standing,
) -> News:
    """What happened to these accounts in the markets after these sequences (0: unknown).

    known: orders seen open. since: the last reading; standing: how it found things. Six queries, however many accounts and
    markets.
    """
    if not accounts or not after:
        return News(dict(after), standing)
    ids = array_literal(accounts)
    # Only where these accounts may have done something: markets of strangers are not looked into.
    organizations = Account.objects.filter(pk__in=accounts).values("organization")
    theirs = Market.objects.filter(pk__in=after, organization__in=organizations)
    rows = list(theirs.values_list("pk", "trade_sequence", "version"))
    up_to = {pk: sequence for pk, sequence, _ in rows}
    markets = list(up_to)
    parameters = {
        "accounts": ids,
        "markets": array_literal(markets),
        # A market that is new to a client is not read from its beginning.
        "after": array_literal(after[each] or max(0, up_to.get(each, 0) - _MOST_NEW) for each in markets),
        "up_to": array_literal(up_to.get(each, 0) for each in markets),
    }
    trade_ids = [pk for (pk,) in run_prepared(_TRADES, parameters).fetchall()]
    trades = list(Trade.objects.filter(pk__in=trade_ids).order_by("market_id", "sequence"))
    touched = {str(order_id) for trade in trades for order_id in (trade.taker_order, trade.maker_order) if order_id}
    versions = {pk: version for pk, _, version in rows}
    changed, stands = changed_orders(accounts, versions, known, since, standing)
    touched |= changed
    orders = {order.pk: order for order in Order.objects.filter(pk__in=touched, account__in=accounts).order_by("id")}
    news = News({**after, **up_to}, stands)
    for order in orders.values():
        news.orders.setdefault(order.account_id, []).append(own_order(order))
    for trade in trades:
        for role, order_id in (("taker", trade.taker_order), ("maker", trade.maker_order)):
            own = orders.get(order_id) if order_id is not None else None
            if own is not None:
                news.fills.setdefault(own.account_id, []).append(own_fill(Fill(trade, own, role)))
    return news


def own_fill(fill: Fill) -> OwnFill:
    trade = fill.trade
    return OwnFill(trade.market_id, trade.sequence, trade.executed_at, encode(own_fill_body(fill)))


def own_order(order: Order) -> OwnOrder:
    mark = (order.status, order.filled_quantity, order.cancelled_quantity, order.updated_at)
    terms = (order.quantity, order.price_units, order.expires_at)
    is_open = order.status == Order.Status.OPEN
    return OwnOrder(order.pk, order.market_id, is_open, (*mark, *terms), encode(order_body(order)))


def read_portfolios(users: Mapping[UUID, Access]) -> dict[UUID, str]:
    """Each user's portfolio in all their organizations, without the time it was read. Four queries, however many users."""
    by_user = accounts_of(users)
    owner_of = {account: user_id for user_id, accounts in by_user.items() for account in accounts}
    accounts: dict[UUID, list[Account]] = {user_id: [] for user_id in users}
    for account in Account.objects.filter(pk__in=owner_of).order_by("organization__slug"):
        accounts[owner_of[account.pk]].append(account)
    held: dict[UUID, dict[UUID, list[Position]]] = {user_id: {} for user_id in users}
    positions = Position.objects.filter(account__in=owner_of).exclude(free_contracts=0, reserved_contracts=0)
    positions = positions.select_related("market").prefetch_related("market__outcomes")
    for position in positions.order_by("market_id", "outcome"):
        held[owner_of[position.account_id]].setdefault(position.market_id, []).append(position)
    return {
        user_id: encode(
            portfolio_body(
                Portfolio(accounts[user_id], [MarketHoldings(each[0].market, each) for each in held[user_id].values()])
            )
        )
        for user_id in users
    }

"""`orders` and `portfolio`: what is the caller's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from governance.access.policies import Access
from markets.realtime.channels.tides import PacedFeed
from markets.realtime.client import Subscription
from markets.realtime.cursors import Cursor, Told
from markets.realtime.frames import InvalidFrame, Update
from markets.realtime.sources.changed import Standing
from markets.realtime.sources.missed import Missed, read_missed
from markets.realtime.sources.own import (
    FILLS_SHOWN,
    News,
    OwnFill,
    OwnOrder,
    Snapshot,
    accounts_of,
    read_news,
    read_portfolios,
    read_snapshot,
)
from opinion_market.api.errors import NotAuthenticated
from opinion_market.kernel import clock

if TYPE_CHECKING:
    from markets.realtime.hub import Hub


# More than any client can have ended within the time in which orders are read again.
_ENDED_REMEMBERED = 10_000


def _owner(subscription: Subscription) -> UUID:
    """Raises NotAuthenticated."""
    user_id = subscription.caller.user_id
    if user_id is None:
        raise NotAuthenticated
    return user_id


def _callers(subscriptions: set[Subscription]) -> dict[UUID, Access]:
    return {_owner(each): each.caller.access for each in subscriptions}


@dataclass(slots=True)
class _Known:
    """What a client has been told: the last trade counted of each market, its open orders as they were, how its last orders
    ended, and the fills by which it can resume."""

    market: UUID | None
    sequences: dict[UUID, int]
    open_orders: dict[UUID, OwnOrder]
    told: Told
    ended: dict[UUID, tuple[object, ...]] = field(default_factory=dict)

    def is_new(self, order: OwnOrder) -> bool:
        """Whether the client has yet to be told; it counts as told from now on."""
        before = self.open_orders.get(order.order_id)
        if (before.mark if before is not None else self.ended.get(order.order_id)) == order.mark:
            return False
        if order.is_open:
            self.open_orders[order.order_id] = order
            return True
        self.open_orders.pop(order.order_id, None)
        self.ended[order.order_id] = order.mark
        if len(self.ended) > _ENDED_REMEMBERED:
            del self.ended[next(iter(self.ended))]
        return True


class OrdersFeed(PacedFeed):
    """Orders and fills of all who are subscribed, read together for the markets that changed."""

    pause_s = 0.05

    def __init__(self, hub: "Hub") -> None:
        super().__init__(hub)
        self._changed: set[UUID] = set()
        self._read_at = clock.now()
        self._standing = Standing()

    async def join(self, subscription: Subscription) -> None:
        user_id = _owner(subscription)
        market, cursor = _filters(subscription.filters)
        async with self.lock:
            began_at = clock.now()
            if not self.subscriptions:
                self._changed.clear()
                self._read_at = began_at
                self._standing = Standing()
            found, missed = await self.hub.workers.run(
                _read_standing, user_id, subscription.caller.access, market, cursor
            )
            subscription.state = _known(market, found, missed, cursor)
            orders, fills, ended = map(_joined, (found.orders, found.fills, missed.ended if missed is not None else ()))
            resumed = "null" if missed is None else "true" if missed.is_all else "false"
            subscription.send_snapshot(
                f'{{"orders":[{orders}],"fills":[{fills}],"ended":[{ended}],"resumed":{resumed},'
                f'"cursor":"{subscription.state.told.cursor(began_at).text}"}}'
            )
            self.subscriptions.add(subscription)

    def hear(self, market_id: UUID) -> None:
        if self.subscriptions:
            self._changed.add(market_id)
            self.touch()

    async def read(self) -> None:
        changed, self._changed = self._changed, set()
        try:
            await self._read(changed)
        except BaseException:
            self._changed |= changed
            raise

    async def _read(self, changed: set[UUID]) -> None:
        subscriptions = list(self.subscriptions)
        if not subscriptions or not changed:
            return
        after = {
            market_id: min(each.state.sequences.get(market_id, 0) for each in subscriptions) for market_id in changed
        }
        open_orders = {
            order_id
            for each in subscriptions
            for order_id, order in each.state.open_orders.items()
            if order.market_id in changed
        }
        users = _callers(self.subscriptions)
        began_at = clock.now()
        accounts, news = await self.hub.workers.run(_read_own, users, after, open_orders, self._read_at, self._standing)
        self._read_at, self._standing = began_at, news.standing
        for subscription in subscriptions:
            if subscription in self.subscriptions:
                _tell(subscription, accounts.get(_owner(subscription), frozenset()), news, began_at)


def _read_standing(
    user_id: UUID, access: Access, market: UUID | None, cursor: Cursor | None
) -> tuple[Snapshot, Missed | None]:
    """What stands; with a cursor also what was missed, which then takes the place of the last fills."""
    found = read_snapshot(user_id, access, market)
    if cursor is None:
        return found, None
    missed = read_missed(found.accounts, cursor, found.sequences, market)
    return replace(found, fills=missed.fills), missed


def _known(market: UUID | None, found: Snapshot, missed: Missed | None, cursor: Cursor | None) -> _Known:
    """What a client knows with this snapshot."""
    # Fills that the list is too short for are not told later either.
    since = found.fills[-1].executed_at if len(found.fills) >= FILLS_SHOWN else clock.from_microseconds(0)
    told = Told(since) if cursor is None else Told.by(cursor)
    for fill in found.fills:
        told.add(fill.market_id, fill.sequence, fill.executed_at)
    known = _Known(market, found.sequences, {order.order_id: order for order in found.orders}, told)
    known.ended = {order.order_id: order.mark for order in reversed(missed.ended if missed is not None else ())}
    return known


def _joined(items: Sequence[OwnOrder | OwnFill]) -> str:
    return ",".join(item.body for item in items)


def _read_own(
    users: dict[UUID, Access], after: dict[UUID, int], known: set[UUID], since: datetime, standing: Standing
) -> tuple[dict[UUID, frozenset[int]], News]:
    accounts = accounts_of(users)
    return accounts, read_news(frozenset().union(*accounts.values()), after, known, since, standing)


def _tell(subscription: Subscription, accounts: frozenset[int], news: News, began_at: datetime) -> None:
    """Send what the client has not been told yet. Each frame's cursor comes after all that was sent before it, and the frame."""
    known: _Known = subscription.state

    def wanted(item: OwnOrder | OwnFill) -> bool:
        return known.market in {None, item.market_id}

    fills = [
        fill
        for account in accounts
        for fill in news.fills.get(account, ())
        if fill.sequence > known.sequences.get(fill.market_id, 0) and wanted(fill)
    ]
    for fill in fills:
        known.told.add(fill.market_id, fill.sequence, fill.executed_at)
    changed = [
        order for account in accounts for order in news.orders.get(account, ()) if known.is_new(order) and wanted(order)
    ]
    cursor = known.told.cursor(began_at).text if fills or changed else ""
    if fills:
        subscription.send(Update(f'{{"kind":"fills","fills":[{_joined(fills)}],"cursor":"{cursor}"}}'))
    if changed:
        subscription.send(Update(f'{{"kind":"orders","orders":[{_joined(changed)}],"cursor":"{cursor}"}}'))
    known.sequences.update(news.sequences)


def _filters(filters: dict[str, Any]) -> tuple[UUID | None, Cursor | None]:
    """Raises InvalidFrame."""
    market, resume_from = filters.get("market"), filters.get("resume_from")
    cursor = None if resume_from is None else Cursor.of(resume_from)
    try:
        return None if market is None else UUID(market), cursor
    except (ValueError, TypeError, AttributeError):
        raise InvalidFrame("market is an id.") from None


class PortfolioFeed(PacedFeed):
    """Cash and contracts of all who are subscribed, at most twice a second; what did not change is not sent."""

    pause_s = 0.5

    async def join(self, subscription: Subscription) -> None:
        user_id = _owner(subscription)
        async with self.lock:
            found = await self.hub.workers.run(read_portfolios, {user_id: subscription.caller.access})
            subscription.state = found[user_id]
            subscription.send_snapshot(f'{{"portfolio":{_dated(found[user_id])}}}')
            self.subscriptions.add(subscription)

    async def read(self) -> None:
        if not self.subscriptions:
            return
        found = await self.hub.workers.run(read_portfolios, _callers(self.subscriptions))
        for subscription in self.subscriptions:
            body = found.get(_owner(subscription))
            if body is not None and body != subscription.state:
                subscription.state = body
                update = Update(f'{{"kind":"portfolio","portfolio":{_dated(body)}}}', "portfolio")
                subscription.send(update)


def _dated(body: str) -> str:
    return f'{{"at":"{clock.text(clock.now())}",{body[1:]}'

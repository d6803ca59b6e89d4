"""The hub of one process: who is connected, which feeds they watch, and the news from Redis that move the feeds.

All of it runs in one event loop. Redis is subscribed to once, with the first client; when it is lost, it is tried again and
every feed reads what it missed. A slow check of versions finds what no message told.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, InterfaceError

from markets.realtime.callers import looked_up_again, lost_something
from markets.realtime.channels.alerts import AlertsFeed
from markets.realtime.channels.figures import DashboardFeed, SystemFeed
from markets.realtime.channels.market import MarketFeed
from markets.realtime.channels.own import OrdersFeed, PortfolioFeed
from markets.realtime.channels.performance import PerformanceFeed
from markets.realtime.channels.ticker import TickerFeed
from markets.realtime.client import FORBIDDEN, TOO_MANY, UNAUTHENTICATED, Client, Source
from markets.realtime.disconnects.keeper import Keeper
from markets.realtime.frames import UnknownChannel
from markets.realtime.limits import Limits
from markets.realtime.listening import listen
from markets.realtime.sources.market import read_stamps, read_versions
from markets.realtime.workers import Workers
from opinion_market.kernel import clock

log = logging.getLogger(__name__)

_PACE_S = 0.25


class Hub:
    """The clients of one process and the feeds they watch."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.workers = Workers()
        self.clients: set[Client] = set()
        self.is_listening = False
        self.keeper = Keeper(self)
        self._parties: Counter[object] = Counter()
        self._markets: dict[UUID, MarketFeed] = {}
        self._ticker, self._orders, self._portfolio = TickerFeed(self), OrdersFeed(self), PortfolioFeed(self)
        self._dashboard, self.system = DashboardFeed(self), SystemFeed(self)
        self._alerts = AlertsFeed(self)
        self._named: dict[str, Source] = {
            "markets": self._ticker,
            "orders": self._orders,
            "portfolio": self._portfolio,
            "dashboard": self._dashboard,
            "alerts": self._alerts,
            "performance": PerformanceFeed(self),
        }
        self._versions: dict[UUID, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_started = False

    def enter(self, client: Client) -> None:
        """A client has connected. It is closed at once if its party has too many connections."""
        if not self._has_started:
            self._has_started = True
            for duty in (
                listen(self),
                self._recheck(),
                self._check_versions(),
                self._check_pace(),
                self.keeper.renew(),
                self.keeper.sweep(),
            ):
                self.background(duty)
        self.clients.add(client)
        self._count(client, 1)

    def leave(self, client: Client) -> None:
        client.leave_all()
        self.clients.discard(client)
        self.keeper.dropped(client)
        self._parties[client.party] -= 1
        if self._parties[client.party] <= 0:
            del self._parties[client.party]

    def identify(self, client: Client, caller: Any) -> None:
        """The client has said who it is: it counts for that user from now on."""
        self._parties[client.party] -= 1
        client.caller = caller
        self._count(client, 1)

    def _count(self, client: Client, connections: int) -> None:
        self._parties[client.party] += connections
        if self._parties[client.party] > self.limits.connections:
            client.close(TOO_MANY, "too many connections")

    def source_of(self, channel: str) -> Source:
        """What serves a channel. Raises UnknownChannel."""
        if channel in self._named:
            return self._named[channel]
        name, _, argument = channel.partition(":")
        if name == "market":
            try:
                market_id = UUID(argument)
            except ValueError:
                raise UnknownChannel("A market's channel is market: and its id.") from None
            if channel == f"market:{market_id}":
                return self._markets.setdefault(market_id, MarketFeed(self, market_id))
        raise UnknownChannel

    def retire(self, feed: MarketFeed) -> None:
        """Forget a feed that nobody watches."""
        if feed.is_idle and self._markets.get(feed.market_id) is feed:
            del self._markets[feed.market_id]
            feed.stop()

    def hear(self, market_id: UUID, version: int) -> None:
        """A batch was committed."""
        self._versions[market_id] = version
        feed = self._markets.get(market_id)
        if feed is not None:
            feed.touch(version=version)
        self._ticker.hear(market_id)
        self._orders.hear(market_id)
        self._portfolio.touch()
        self._dashboard.hear()
        self.system.hear()

    def resynchronise(self) -> None:
        """Messages may have been lost: every feed reads what it missed."""
        for feed in self._markets.values():
            feed.touch(whole=True)
        self._ticker.touch_all()
        for paced in (self._portfolio, self._dashboard, self.system):
            paced.touch()

    def background(self, duty: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside, and log what it fails with."""
        task = asyncio.get_running_loop().create_task(duty)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """End all duties."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for feed in self._markets.values():
            feed.stop()
        await asyncio.to_thread(self.workers.close)
        await asyncio.to_thread(self.keeper.close)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("The hub failed at a duty: %s", error, exc_info=error)

    async def _recheck(self) -> None:
        """Close the sockets of credentials and roles that are no more."""
        while True:
            await asyncio.sleep(self.limits.recheck_s)
            clients = [client for client in self.clients if client.caller.user is not None]
            if not clients:
                continue
            try:
                found = await self.workers.run(_looked_up_again, [client.caller for client in clients])
            except (DatabaseError, InterfaceError) as error:
                log.warning("Callers could not be looked up: %s", error)
                continue
            for client in clients:
                before = client.caller
                if before not in found:
                    continue
                now = found[before]
                if now is None:
                    client.close(UNAUTHENTICATED, "credentials no longer valid")
                elif lost_something(before.access, now.access):
                    client.close(FORBIDDEN, "role taken away")
                else:
                    client.caller = now

    async def _check_versions(self) -> None:
        while True:
            await asyncio.sleep(self.limits.check_versions_s)
            if not self.clients:
                self._versions.clear()
                continue
            try:
                stamps = await self.workers.run(read_stamps, list(self._markets))
                versions = await self.workers.run(read_versions)
            except (DatabaseError, InterfaceError) as error:
                log.warning("Versions could not be checked: %s", error)
                continue
            for market_id, stamp in stamps.items():
                feed = self._markets.get(market_id)
                if feed is not None and feed.stamp != stamp:
                    feed.stamp = stamp
                    feed.touch(whole=True)
            # Versions that were never seen are news as well: the first check finds what no message told since a client came.
            for market_id in [each for each, version in versions.items() if self._versions.get(each, 0) < version]:
                self.hear(market_id, versions[market_id])
            for paced in (self._portfolio, self._dashboard, self.system, self._alerts):
                paced.touch()

    async def _check_pace(self) -> None:
        while True:
            await asyncio.sleep(_PACE_S)
            for client in self.clients:
                client.check_pace()


def _looked_up_again(callers: list[Any]) -> Any:
    return looked_up_again(callers, now=clock.now())


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current_hub() -> Hub:
    """The hub of the running event loop, which is the process's only one in service."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


def use_hub(hub: Hub) -> None:
    """Serve the running event loop's clients with this hub."""
    _hubs[asyncio.get_running_loop()] = hub

"""`dashboard`, and what the analytics socket pushes: figures of 24 hours, at most once a second."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from governance.access.errors import PermissionMissing
from governance.access.policies import Access
from markets.realtime.channels.tides import PacedFeed
from markets.realtime.client import Subscription
from markets.realtime.frames import Update, encode
from markets.realtime.sources.figures import Figures, read_organizations, read_system
from opinion_market.kernel import clock

if TYPE_CHECKING:
    from markets.realtime.hub import Hub

ANALYTICS = "analytics.read"
# The projections that figures come from follow the events by less than this, so they are read once more then.
_FOLLOWS_S = 2.0


class FiguresFeed(PacedFeed):
    """Read when something happened, and once more when the projections have caught up."""

    pause_s = 1.0

    def __init__(self, hub: "Hub") -> None:
        super().__init__(hub)
        self._later: asyncio.TimerHandle | None = None

    def hear(self) -> None:
        self.touch()
        if self.subscriptions and self._later is None:
            self._later = asyncio.get_running_loop().call_later(_FOLLOWS_S, self._once_more)

    def _once_more(self) -> None:
        self._later = None
        self.touch()


class DashboardFeed(FiguresFeed):
    """The organizations in which the caller holds analytics.read."""

    async def join(self, subscription: Subscription) -> None:
        access = subscription.caller.access
        organizations = dashboard_organizations(access)
        async with self.lock:
            found = await self.hub.workers.run(read_organizations, organizations)
            subscription.state = _lines(found, organizations)
            subscription.send_snapshot(f'{{"organizations":{subscription.state}}}')
            self.subscriptions.add(subscription)

    async def read(self) -> None:
        subscriptions = list(self.subscriptions)
        held = [_held(each.caller.access) for each in subscriptions]
        wanted = None if None in held else {each for ids in held for each in ids or ()}
        found = await self.hub.workers.run(read_organizations, wanted)
        for subscription, organizations in zip(subscriptions, held, strict=True):
            body = _lines(found, organizations)
            if subscription in self.subscriptions and body != subscription.state:
                subscription.state = body
                subscription.send(Update(f'{{"kind":"dashboard","organizations":{body}}}', "dashboard"))


def dashboard_organizations(access: Access) -> list[UUID] | None:
    """Where the caller holds analytics.read; None: everywhere. Raises PermissionMissing for nowhere."""
    found = _held(access)
    if found == []:
        raise PermissionMissing(permission=ANALYTICS)
    return found


def _held(access: Access) -> list[UUID] | None:
    if access.everything:
        return None
    return [each for each in access.roles if access.has(ANALYTICS, each)]


def _lines(found: dict[UUID, Figures], organizations: list[UUID] | None) -> str:
    return encode([line for each, line in found.items() if organizations is None or each in organizations])


class SystemFeed(FiguresFeed):
    """What the analytics socket pushes. Callers who see the same share one reading."""

    async def join(self, subscription: Subscription) -> None:
        async with self.lock:
            found = await self.hub.workers.run(read_system, subscription.caller.access)
            self._push(subscription, encode(found))
            self.subscriptions.add(subscription)

    async def read(self) -> None:
        views: dict[object, list[Subscription]] = {}
        for subscription in self.subscriptions:
            access = subscription.caller.access
            views.setdefault((access.everything, frozenset(access.roles.items())), []).append(subscription)
        for sharing in views.values():
            body = encode(await self.hub.workers.run(read_system, sharing[0].caller.access))
            for subscription in sharing:
                if subscription in self.subscriptions and body != subscription.state:
                    self._push(subscription, body)

    def _push(self, subscription: Subscription, body: str) -> None:
        subscription.state = body
        now = clock.text(clock.now())
        subscription.client.outbox.put(f'{{"type":"analytics_update","timestamp":"{now}",{body[1:]}')

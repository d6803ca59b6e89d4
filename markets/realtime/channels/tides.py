"""A feed that is read at intervals while something is due, under one lock with its snapshots."""

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError

from markets.realtime.client import Subscription

if TYPE_CHECKING:
    from markets.realtime.hub import Hub

log = logging.getLogger(__name__)

AGAIN_S = 1.0


class PacedFeed(ABC):
    """`pause_s`: the least time between two readings, whatever happens meanwhile."""

    pause_s: float

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.subscriptions: set[Subscription] = set()
        self.lock = asyncio.Lock()
        self._is_due = False
        self._running: asyncio.Task[None] | None = None

    @abstractmethod
    async def read(self) -> None:
        """Read what is due and send it; called under the lock."""

    def touch(self) -> None:
        """Something changed."""
        if not self.subscriptions:
            return
        self._is_due = True
        if self._running is None or self._running.done():
            self._running = self.hub.background(self._catch_up())

    def leave(self, subscription: Subscription) -> None:
        self.subscriptions.discard(subscription)

    async def _catch_up(self) -> None:
        while self._is_due:
            self._is_due = False
            try:
                async with self.lock:
                    await self.read()
            except (DatabaseError, InterfaceError) as error:
                log.warning("%s could not be read: %s", type(self).__name__, error)
                self._is_due = True
                await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(self.pause_s)

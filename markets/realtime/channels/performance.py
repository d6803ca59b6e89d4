"""`performance`: how the exchange and the event store are doing, for those who run the platform."""

import asyncio

from markets.realtime.channels.tides import PacedFeed
from markets.realtime.client import Subscription
from markets.realtime.frames import Update, encode
from markets.realtime.sources.performance import read_event_store, read_exchange, read_range, require_platform_staff

# The event store's figures change slowly and take more reading.
_STORE_EVERY_S = 5.0


class PerformanceFeed(PacedFeed):
    """Once a second while somebody looks, for time passes by itself. One reading serves all, who all see the same."""

    pause_s = 1.0
    _store_read_at = float("-inf")

    async def join(self, subscription: Subscription) -> None:
        require_platform_staff(subscription.caller.access)
        async with self.lock:
            exchange = await self.hub.workers.run(read_exchange)
            history = await self.hub.workers.run(read_range, "5m")
            store = await self.hub.workers.run(read_event_store)
            exchange["slots"] = history["slots"]
            subscription.send_snapshot(encode({"exchange": exchange, "event_store": store}))
            self.subscriptions.add(subscription)
        self.touch()

    async def read(self) -> None:
        body = encode(await self.hub.workers.run(read_exchange))
        self._send(Update(f'{{"kind":"exchange","exchange":{body}}}', "exchange"))
        now = asyncio.get_running_loop().time()
        if now - self._store_read_at >= _STORE_EVERY_S:
            self._store_read_at = now
            body = encode(await self.hub.workers.run(read_event_store))
            self._send(Update(f'{{"kind":"event_store","event_store":{body}}}', "event_store"))
        self.touch()

    def _send(self, update: Update) -> None:
        for subscription in self.subscriptions:
            if subscription.caller.access.everything:
                subscription.send(update)

"""The hub with one more channel, `market:` and the nil id, whose book changes at a fixed rate: what its fan-out can do.

Everything but the source of the updates is the product's: handshake, protocol, outbox, numbering, uvicorn.
"""

import asyncio
import os
import time
from typing import Any

from markets.realtime.client import Source, Subscription
from markets.realtime.consumers import Receive, Scope, Send
from markets.realtime.fanout import fan_out
from markets.realtime.frames import Update
from markets.realtime.hub import Hub, use_hub
from markets.realtime.limits import Limits
from tools.bench.fanout import CHANNEL

RATE = int(os.environ.get("BENCH_FRAMES_PER_S", "60"))


class Beat:
    """Sends a body of about 200 bytes to all subscribers, with the sender's clock, `RATE` times a second."""

    def __init__(self, hub: Hub) -> None:
        self._subscriptions: set[Subscription] = set()
        hub.background(self._beat())

    async def join(self, subscription: Subscription) -> None:
        subscription.send_snapshot("{}")
        self._subscriptions.add(subscription)

    def leave(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    async def _beat(self) -> None:
        due = time.monotonic()
        while True:
            # What was missed is not made up for, which would count as frames beyond the rate.
            due = max(due + 1 / RATE, time.monotonic())
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            # The clients read `t` beside `data`.
            update = Update(f'{{"x":"{"y" * 140}"}},"t":{time.time() * 1000:.0f}', "book")
            fan_out(self._subscriptions, update)


class BenchHub(Hub):
    """Any number of connections from one address; there are no markets to check."""

    def __init__(self) -> None:
        super().__init__(Limits(connections=100_000, check_versions_s=3_600.0))
        self._beat: Beat | None = None

    def source_of(self, channel: str) -> Source:
        if channel != CHANNEL:
            return super().source_of(channel)
        self._beat = self._beat or Beat(self)
        return self._beat


def in_front_of(served: Any) -> Any:
    """The application, with this hub for its first event loop."""
    hubs: list[BenchHub] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if not hubs:
            hubs.append(BenchHub())
            use_hub(hubs[0])
        await served(scope, receive, send)

    return application

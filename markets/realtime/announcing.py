"""Telling the hubs that a market has changed: one small message per batch, after its commit.

The order path only appends to a queue; a thread of this process's own sends what stands there to Redis. A message that is
lost is no loss of data: a hub reads what changed from the tables, and finds a gap there with the next message or its next look.
"""

import logging
import os
from collections import deque
from threading import Event, Lock, Thread
from time import sleep

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "realtime:batches"
LONGEST_WAIT_S = 1.0
_QUEUE = 10_000
_MOST_AT_ONCE = 500


class Announcer:
    """What waits to be sent, and the thread that sends it, started with the first announcement."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, int, int]] = deque(maxlen=_QUEUE)
        self._wake = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def announce(self, market_id: str, version: int, sequence: int) -> None:
        """The market is at this event and this trade now. Returns at once and never raises."""
        self._waiting.append((market_id, version, sequence))
        if self._thread is None:
            self._start()
        self._wake.set()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._send_for_ever, name="announcer", daemon=True)
                self._thread.start()

    def _send_for_ever(self) -> None:
        redis = Redis.from_url(
            settings.ENV.redis_url, socket_timeout=LONGEST_WAIT_S, socket_connect_timeout=LONGEST_WAIT_S
        )
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                try:
                    self._send(redis)
                except (RedisError, OSError) as error:
                    log.warning("Hubs were not told of changed markets: %s", error)
                    sleep(LONGEST_WAIT_S)

    def _send(self, redis: "Redis") -> None:
        """Of several batches of one market the last says all."""
        latest: dict[str, tuple[int, int]] = {}
        while self._waiting and len(latest) < _MOST_AT_ONCE:
            market_id, version, sequence = self._waiting.popleft()
            latest[market_id] = (version, sequence)
        with redis.pipeline(transaction=False) as pipeline:
            for market_id, (version, sequence) in latest.items():
                pipeline.publish(CHANNEL, f"{market_id} {version} {sequence}")
            pipeline.execute()


_announcer = Announcer()


def announce(market_id: str, version: int, sequence: int) -> None:
    """The market is at this event and this trade now; to be called after the commit. Returns at once and never raises."""
    _announcer.announce(market_id, version, sequence)


def _forget_parents_thread() -> None:
    global _announcer  # noqa: PLW0603 - a forked process has no threads, and its parent's locks may be held for ever
    _announcer = Announcer()


os.register_at_fork(after_in_child=_forget_parents_thread)

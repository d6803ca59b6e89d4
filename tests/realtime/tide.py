"""A hub with one more channel, on which a test sends what it likes."""

import json
from threading import Event
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from websockets.sync.client import ClientConnection

from markets.realtime.client import Source, Subscription
from markets.realtime.fanout import fan_out
from markets.realtime.frames import Update
from markets.realtime.hub import Hub
from markets.realtime.limits import Limits
from tests.realtime.served import PATIENCE_S, Talk

CHANNEL = f"market:{UUID(int=0)}"


class Tide:
    def __init__(self) -> None:
        self.subscriptions: set[Subscription] = set()

    async def join(self, subscription: Subscription) -> None:
        subscription.send_snapshot("{}")
        self.subscriptions.add(subscription)

    def leave(self, subscription: Subscription) -> None:
        self.subscriptions.discard(subscription)


class TidalHub(Hub):
    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.tide = Tide()

    def source_of(self, channel: str) -> Source:
        return self.tide if channel == CHANNEL else super().source_of(channel)

    def rise(self, *updates: Update) -> None:
        """Send these to all subscribers, one after the other in one go; return when they have been handed over."""
        done = Event()

        def send() -> None:
            for update in updates:
                fan_out(self.tide.subscriptions, update)
            done.set()

        next(iter(self.clients)).loop.call_soon_threadsafe(send)
        assert done.wait(PATIENCE_S)

    def await_clients(self, count: int) -> None:
        until = monotonic() + PATIENCE_S
        while len(self.clients) != count and monotonic() < until:
            sleep(0.02)
        assert len(self.clients) == count


def news(number: int, size: int = 0) -> Update:
    """What nobody may miss."""
    return Update(f'{{"news":{number},"x":"{"x" * size}"}}')


def state(number: int, size: int = 0) -> Update:
    """Of which only the latest matters."""
    return Update(f'{{"state":{number},"x":"{"x" * size}"}}', "state")


def joined(talk: Talk) -> ClientConnection:
    """The socket, subscribed, with the snapshot as its next frame."""
    talk.say("subscribe", channel=CHANNEL)
    talk.next("subscription_confirmed")
    return talk.connection


class Heard:
    """What came over one socket, which must be numbered without gaps from 0."""

    def __init__(self) -> None:
        self.news: list[int] = []
        self.states: list[int] = []
        self.frames: list[dict[str, Any]] = []

    def listen(self, connection: ClientConnection, *, until_news: int, patience_s: float = PATIENCE_S) -> "Heard":
        """Take frames until this piece of news is among them."""
        until = monotonic() + patience_s
        while not self.news or self.news[-1] != until_news:
            frame = json.loads(connection.recv(timeout=max(0.0, until - monotonic())))
            assert frame["sequence"] == len(self.frames)
            self.frames.append(frame)
            for kind, heard in (("news", self.news), ("state", self.states)):
                if kind in frame["data"]:
                    heard.append(frame["data"][kind])
        return self

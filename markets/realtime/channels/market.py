"""`market:<id>`: the book, the trades and the state of one market, read once for all who watch it."""

import asyncio
import logging
from collections import deque
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from markets.realtime.channels.deltas import delta
from markets.realtime.client import Subscription
from markets.realtime.fanout import fan_out
from markets.realtime.frames import InvalidFrame, Update, encode
from markets.realtime.sources.market import (
    BookReading,
    MarketReading,
    Tape,
    read_book,
    read_market,
    read_trades,
)
from markets.trading.errors import MarketNotFound
from opinion_market.kernel import clock

if TYPE_CHECKING:
    from markets.realtime.hub import Hub

log = logging.getLogger(__name__)

KINDS = ("book", "trades", "status")
# What those are sent instead of `book` who keep a copy of it.
DELTAS = "book_delta"
TRADES_SHOWN = 50
MOST_RESUMED = 5_000
# Between two readings of one market: what happens meanwhile is read at once.
PAUSE_S = 0.02
AGAIN_S = 1.0
_REMEMBERED = 1_000


class MarketFeed:
    """One market's news in this process. All that is sent is sent under the lock, so a snapshot and what follows fit."""

    def __init__(self, hub: "Hub", market_id: UUID) -> None:
        self.market_id = market_id
        self.stamp = ""
        self._hub = hub
        self._subscriptions: dict[Subscription, frozenset[str]] = {}
        self._lock = asyncio.Lock()
        self._book: BookReading | None = None
        self._market: MarketReading | None = None
        self._sequence: int | None = None
        self._recent: deque[Tape] = deque(maxlen=_REMEMBERED)
        self._is_dirty = self._is_due = False
        self._running: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None

    async def join(self, subscription: Subscription) -> None:
        resume_from, kinds = _filters(subscription.filters)
        async with self._lock:
            if self._book is None or self._market is None or not self._hub.is_listening or resume_from is not None:
                await self._refresh(whole=self._market is None)
            elif self._market.version != self._book.version:
                await self._refresh_market()
            book, market = self._book, self._market
            if book is None or market is None or not market.audience.includes(subscription.caller.access):
                raise MarketNotFound(market=str(self.market_id))
            trades, resumed = await self._trades(resume_from, book.sequence)
            tape = ",".join(trade.body for trade in trades)
            told = {None: "null", True: "true", False: "false"}[resumed]
            body = f'{{"market":{market.body},"book":{book.body},"trades":[{tape}],"resumed":{told}}}'
            subscription.send_snapshot(body)
            self._subscriptions[subscription] = kinds

    def leave(self, subscription: Subscription) -> None:
        self._subscriptions.pop(subscription, None)
        self._hub.retire(self)

    @property
    def is_idle(self) -> bool:
        return not self._subscriptions and not self._lock.locked()

    def stop(self) -> None:
        for pending in (self._running, self._expiry):
            if pending is not None:
                pending.cancel()

    def touch(self, *, version: int | None = None, whole: bool = False) -> None:
        """The market is at this event (None: unknown); read what changed. `whole`: its terms too."""
        if version is not None and self._book is not None and version <= self._book.version:
            return
        self._is_dirty = True
        self._is_due = self._is_due or whole
        if self._running is None or self._running.done():
            self._running = self._hub.background(self._catch_up())

    async def _catch_up(self) -> None:
        while self._is_dirty:
            self._is_dirty = False
            whole, self._is_due = self._is_due, False
            try:
                async with self._lock:
                    await self._refresh(whole=whole)
            except (DatabaseError, InterfaceError) as error:
                log.warning("Market %s could not be read: %s", self.market_id, error)
                self._is_dirty, self._is_due = True, True
                await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(PAUSE_S)

    async def _refresh(self, *, whole: bool) -> None:
        """Read what is new and send it to those who have joined."""
        before = self._book
        while True:
            reading = await self._hub.workers.run(read_book, self.market_id, self._sequence)
            self._recent.extend(reading.trades)
            self._send_trades(reading.trades)
            self._sequence = reading.trades[-1].sequence if reading.trades else reading.sequence
            if reading.is_all:
                break
        self._book = reading
        if before is not None:
            self._send_book(before, reading)
        self._expire_later(reading)
        if whole or before is None or (before.status, before.outcomes) != (reading.status, reading.outcomes):
            await self._refresh_market()

    async def _refresh_market(self) -> None:
        before, self._market = self._market, await self._hub.workers.run(read_market, self.market_id)
        market = self._market
        if before is None or market.terms == before.terms:
            return
        self._send("status", Update(f'{{"kind":"status","market":{market.body}}}', "status"))
        for subscription in list(self._subscriptions):
            if not market.audience.includes(subscription.caller.access):
                subscription.client.end(subscription, "You may not see this market any more.")

    def _send_book(self, before: BookReading, reading: BookReading) -> None:
        """The whole book when it changed; to those who keep a copy what changed, also when nothing but its version did."""
        changed = reading.content != before.content
        whole = Update(f'{{"kind":"book","book":{reading.body}}}', "book")
        if changed:
            self._send("book", whole)
        if (changed or reading.version != before.version) and self._has_deltas:
            if before.outcomes != reading.outcomes:
                self._send(DELTAS, whole)
                return
            part = encode({**delta(before.book, reading.book), "at": reading.at})
            self._send(DELTAS, Update(f'{{"kind":"book_delta","delta":{part}}}', "book", whole.body))

    @property
    def _has_deltas(self) -> bool:
        return any(DELTAS in kinds for kinds in self._subscriptions.values())

    def _send_trades(self, trades: list[Tape]) -> None:
        if trades:
            tape = ",".join(trade.body for trade in trades)
            self._send("trades", Update(f'{{"kind":"trades","trades":[{tape}]}}'))

    def _send(self, kind: str, update: Update) -> None:
        fan_out((each for each, kinds in self._subscriptions.items() if kind in kinds), update)

    async def _trades(self, resume_from: int | None, last: int) -> tuple[list[Tape], bool | None]:
        """The snapshot's trades, oldest first, and whether they are all since `resume_from`; called under the lock."""
        if resume_from is None:
            return list(islice(self._recent, max(0, len(self._recent) - TRADES_SHOWN), None)), None
        if resume_from > last:
            raise InvalidFrame(f"The market's last trade is {last}.", last=last)
        since = max(resume_from, last - MOST_RESUMED)
        if self._recent and self._recent[0].sequence <= since + 1:
            return [trade for trade in self._recent if trade.sequence > since], since == resume_from
        trades: list[Tape] = []
        while since < last:
            trades += await self._hub.workers.run(read_trades, self.market_id, since, last)
            since = trades[-1].sequence
        return trades, last - resume_from <= MOST_RESUMED

    def _expire_later(self, reading: BookReading) -> None:
        """Orders expire without an event: the book is read again then."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if reading.next_expiry is not None:
            wait = reading.next_expiry - clock.now() + timedelta(milliseconds=5)
            # Longer waits end with the check of versions, which keeps feeds fresh anyway.
            self._expiry = asyncio.get_running_loop().call_later(
                min(max(0.05, wait.total_seconds()), 86_400.0), self.touch
            )


def _filters(filters: dict[str, Any]) -> tuple[int | None, frozenset[str]]:
    """Raises InvalidFrame."""
    resume_from, kinds = filters.get("resume_from"), filters.get("kinds", KINDS)
    if resume_from is not None and (type(resume_from) is not int or not 0 <= resume_from < 2**63):
        raise InvalidFrame("resume_from is the sequence of a trade.")
    if not isinstance(kinds, list | tuple) or not all(kind in KINDS for kind in kinds):
        raise InvalidFrame(f"kinds are of {', '.join(KINDS)}.")
    if filters.get("book", "whole") not in ("whole", "deltas"):
        raise InvalidFrame("book is whole or deltas.")
    wanted = {DELTAS if kind == "book" and filters.get("book") == "deltas" else kind for kind in kinds}
    return resume_from, frozenset(wanted)

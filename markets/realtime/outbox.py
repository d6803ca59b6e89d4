"""What waits to be sent over one socket: bounded, states conflated, the rest in order and complete."""

from asyncio import Event
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from markets.realtime.frames import Update, numbered
from markets.realtime.limits import Limits


@dataclass(slots=True, eq=False)
class Numbering:
    """A channel as one socket is subscribed to it: the sequence of the last frame that was sent."""

    channel: str
    sequence: int = -1

    def next_frame(self, kind: str, body: str, reference: str) -> str:
        self.sequence += 1
        return numbered(kind, self.channel, self.sequence, body, reference)


@dataclass(slots=True)
class _Waiting:
    """A frame to be numbered when it is sent, or (`numbering` None) one that is complete."""

    body: str
    kind: str = ""
    numbering: Numbering | None = None
    key: tuple[Numbering, Hashable] | None = None
    reference: str = ""


@dataclass(slots=True)
class Outbox:
    """Numbers are given when a frame leaves, after conflation, so what a client gets has no gaps."""

    limits: Limits
    overflowed: bool = False
    wake: Event = field(default_factory=Event)
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _latest: dict[tuple[Numbering, Hashable], _Waiting] = field(default_factory=dict)
    _indispensable: int = 0
    _characters: int = 0

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def put(self, text: str) -> None:
        """A complete frame."""
        self._append(_Waiting(text))

    def put_snapshot(self, numbering: Numbering, body: str, reference: str = "") -> None:
        # States older than the snapshot must not stay before it, where newer ones would take their place and be undone by it.
        if any(key[0] is numbering for key in self._latest):
            self._keep(lambda waiting: waiting.key is None or waiting.numbering is not numbering)
        self._append(_Waiting(body, "initial_data", numbering, None, reference))

    def put_update(self, numbering: Numbering, update: Update) -> None:
        """It takes the place of an older state that still waits, so that a slow reader gets the newest at its turn."""
        if update.key is None:
            self._append(_Waiting(update.body, "update", numbering))
            return
        key = (numbering, update.key)
        older = self._latest.get(key)
        if older is not None:
            newest = update.whole or update.body
            self._characters += len(newest) - len(older.body)
            older.body = newest
            return
        waiting = _Waiting(update.body, "update", numbering, key)
        self._latest[key] = waiting
        self._append(waiting)

    def take(self) -> str | None:
        """The next frame; None when nothing waits."""
        if not self._waiting:
            return None
        first = self._waiting.popleft()
        self._characters -= len(first.body)
        if first.key is None:
            self._indispensable -= 1
        else:
            del self._latest[first.key]
        if first.numbering is None:
            return first.body
        return first.numbering.next_frame(first.kind, first.body, first.reference)

    def forget(self, numbering: Numbering) -> None:
        """Nothing more of this subscription is sent."""
        self._keep(lambda waiting: waiting.numbering is not numbering)

    def _keep(self, is_wanted: Callable[[_Waiting], bool]) -> None:
        kept = [waiting for waiting in self._waiting if is_wanted(waiting)]
        self._waiting.clear()
        self._latest = {waiting.key: waiting for waiting in kept if waiting.key is not None}
        self._indispensable = self._characters = 0
        for waiting in kept:
            self._append(waiting)

    def _append(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._characters += len(waiting.body)
        if waiting.key is None:
            self._indispensable += 1
        if self._indispensable > self.limits.queue or self._characters > self.limits.queue_characters:
            self.overflowed = True
        self.wake.set()

"""A socket (or event stream) as the hub knows it: who it belongs to, what it is subscribed to, what waits for it."""

from asyncio import AbstractEventLoop, CancelledError, Future
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from markets.realtime.callers import Caller
from markets.realtime.frames import Update, frame
from markets.realtime.limits import Limits
from markets.realtime.outbox import Numbering, Outbox
from markets.realtime.wire import Wire

INVALID, UNAUTHENTICATED, FORBIDDEN, TOO_SLOW, TOO_MANY, FLOODING = 4400, 4401, 4403, 4408, 4413, 4429
TOO_LONG, GONE = 1009, 1006


class Source(Protocol):
    """What serves a channel."""

    async def join(self, subscription: "Subscription") -> None:
        """Send the snapshot and from then on what follows it. Raises DomainError, and nothing is subscribed."""

    def leave(self, subscription: "Subscription") -> None:
        """Send nothing more."""


@dataclass(slots=True, eq=False)
class Subscription:
    """A client's interest in a channel. `confirmation` goes before the snapshot, `reference` into it; `state` is the source's."""

    client: "Client"
    source: Source
    numbering: Numbering
    filters: dict[str, Any]
    confirmation: str = ""
    reference: str = ""
    state: Any = None

    @property
    def caller(self) -> Caller:
        return self.client.caller

    def send_snapshot(self, body: str) -> None:
        self.client.outbox.put(self.confirmation)
        self.client.outbox.put_snapshot(self.numbering, body, self.reference)

    def send(self, update: Update) -> None:
        self.client.outbox.put_update(self.numbering, update)


@dataclass(slots=True, eq=False)
class Client:
    """`closing` is done once the socket is to be closed, with a code and the reason."""

    caller: Caller
    address: str
    limits: Limits
    loop: AbstractEventLoop
    wire: Wire | None = None
    outbox: Outbox = field(init=False)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    closing: Future[tuple[int, str]] = field(init=False)
    sending_since: float | None = None

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.limits)
        self.closing = self.loop.create_future()

    @property
    def party(self) -> object:
        """Whom connections are counted for."""
        return self.caller.user_id or self.address

    @property
    def is_clear(self) -> bool:
        """Whether an encoded frame may be written to `wire` at once: nothing waits that would have to go before it."""
        wire = self.wire
        return wire is not None and wire.is_clear and self.outbox.is_empty and self.sending_since is None

    def close(self, code: int, reason: str) -> None:
        """Have the socket closed; the first reason counts."""
        if not self.closing.done():
            self.closing.set_result((code, reason))

    def end(self, subscription: Subscription, reason: str) -> None:
        """Take a subscription away and say why."""
        channel = subscription.numbering.channel
        if self.subscriptions.get(channel) is subscription:
            del self.subscriptions[channel]
        subscription.source.leave(subscription)
        self.outbox.forget(subscription.numbering)
        self.outbox.put(frame("unsubscription_confirmed", channel=channel, reason=reason))

    def leave_all(self) -> None:
        for subscription in self.subscriptions.values():
            subscription.source.leave(subscription)
        self.subscriptions.clear()

    async def write(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send what waits, for ever."""
        outbox = self.outbox
        try:
            while True:
                await outbox.wake.wait()
                outbox.wake.clear()
                while (text := outbox.take()) is not None:
                    self.sending_since = self.loop.time()
                    await send(text)
                    self.sending_since = None
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the server says in its own ways that the other end has gone
            self.close(GONE, "gone")

    def check_pace(self) -> None:
        """Close a socket that cannot keep up."""
        stuck = self.sending_since is not None and self.loop.time() - self.sending_since > self.limits.sending_s
        if self.outbox.overflowed or stuck:
            self.close(TOO_SLOW, "too slow")

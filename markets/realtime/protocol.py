"""What a client's frames do."""

from collections.abc import Awaitable, Callable
from typing import Any

from markets.realtime.callers import Caller, caller_by
from markets.realtime.client import FLOODING, TOO_LONG, UNAUTHENTICATED, Client, Subscription
from markets.realtime.frames import (
    LONGEST_MESSAGE,
    PROTOCOL,
    InvalidFrame,
    RateLimited,
    TooManySubscriptions,
    decoded,
    encode,
    error_frame,
    frame,
)
from markets.realtime.hub import Hub
from markets.realtime.limits import HEARTBEAT_S, TokenBucket
from markets.realtime.metrics import range_of, read_metrics
from markets.realtime.outbox import Numbering
from opinion_market.api.errors import InvalidCredentials
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError

_FIELDS = {
    "authenticate": {"api_key", "token"},
    "subscribe": {"channel", "filters"},
    "unsubscribe": {"channel"},
    "get_metrics": {"metrics_type", "time_range"},
    "cancel_on_disconnect": {"enabled", "markets", "grace_s"},
    "ping": set[str](),
}
_LONGEST_CHANNEL = 80


def established(caller: Caller, reference: object = None) -> str:
    return frame(
        "connection_established",
        reference=reference,
        protocol=PROTOCOL,
        user=caller.user_id,
        at=clock.now(),
        heartbeat_s=HEARTBEAT_S,
    )


class Conversation:
    """One client's side of the protocol. `only`: the types of frames it may send."""

    def __init__(
        self,
        hub: Hub,
        client: Client,
        *,
        only: frozenset[str] = frozenset(_FIELDS),
        on_identified: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._hub, self._client, self._only, self._on_identified = hub, client, only, on_identified
        self._has_spoken = False
        self._warned = False
        self._bucket = TokenBucket(hub.limits, hub.limits.message_burst, client.loop.time())

    async def hear(self, text: str) -> None:
        """Answer one message. What is wrong with it is answered too."""
        client = self._client
        if len(text) > LONGEST_MESSAGE:
            client.close(TOO_LONG, "message too long")
            return
        if not self._bucket.take(client.loop.time()):
            self._flooded()
            return
        channel: str | None = None
        reference: object = None
        is_first, self._has_spoken = not self._has_spoken, True
        try:
            message = decoded(text)
            reference = message.get("id")
            kind = self._kind(message)
            channel = _channel(message) if "subscribe" in kind else None
            if kind == "authenticate":
                await self._authenticate(message, reference, is_first=is_first)
            elif kind == "ping":
                client.outbox.put(frame("pong", reference=reference, at=clock.now()))
            elif kind == "get_metrics":
                await self._get_metrics(message, reference)
            elif kind == "cancel_on_disconnect":
                await self._hub.keeper.hear(client, message, reference)
            elif channel is not None and kind == "subscribe":
                await self.subscribe(channel, message.get("filters"), reference)
            elif channel is not None:
                self._unsubscribe(channel, reference)
        except InvalidCredentials as error:
            client.outbox.put(error_frame(error, reference=reference))
            client.close(UNAUTHENTICATED, "credentials not accepted")
        except DomainError as error:
            client.outbox.put(error_frame(error, channel=channel, reference=reference))

    def _flooded(self) -> None:
        if self._warned:
            self._client.close(FLOODING, "too many messages")
            return
        # One warning; whoever goes on is cut off.
        self._warned = True
        self._client.outbox.put(error_frame(RateLimited()))

    def _kind(self, message: dict[str, Any]) -> str:
        kind: str = message["type"]
        if kind not in self._only:
            raise InvalidFrame(f"A frame's type is one of {', '.join(sorted(self._only))}.")
        if unknown := set(message) - _FIELDS[kind] - {"type", "id"}:
            raise InvalidFrame(f"{kind} has no field {sorted(unknown)[0]}.")
        return kind

    async def _authenticate(self, message: dict[str, Any], reference: object, *, is_first: bool) -> None:
        if not is_first:
            raise InvalidFrame("authenticate must be a socket's first message.")
        text = message.get("api_key", message.get("token"))
        if not isinstance(text, str) or ("api_key" in message) == ("token" in message):
            raise InvalidFrame("authenticate has an api_key or a token.")
        caller = await self._hub.workers.run(caller_by, text)
        self._hub.identify(self._client, caller)
        self._client.outbox.put(established(caller, reference))
        if self._on_identified is not None:
            await self._on_identified()

    async def subscribe(self, channel: str, filters: object, reference: object = None) -> None:
        """Confirm, send the snapshot, and from then on what follows. Again: the snapshot anew. Raises DomainError."""
        client = self._client
        if filters is None:
            filters = {}
        if not isinstance(filters, dict):
            raise InvalidFrame("filters are an object.")
        source = self._hub.source_of(channel)
        before = client.subscriptions.get(channel)
        if before is None and len(client.subscriptions) >= self._hub.limits.subscriptions:
            raise TooManySubscriptions(most=self._hub.limits.subscriptions)
        if before is not None:
            before.source.leave(before)
            source = self._hub.source_of(channel)
        numbering = before.numbering if before is not None else Numbering(channel)
        confirmation = frame("subscription_confirmed", reference=reference, channel=channel)
        answers = "" if reference is None else f',"id":{encode(reference)}'
        subscription = Subscription(client, source, numbering, filters, confirmation, answers)
        client.subscriptions[channel] = subscription
        try:
            await source.join(subscription)
        except DomainError:
            source.leave(subscription)
            del client.subscriptions[channel]
            raise

    def _unsubscribe(self, channel: str, reference: object) -> None:
        client = self._client
        subscription = client.subscriptions.pop(channel, None)
        if subscription is None:
            raise InvalidFrame("There is no subscription to this channel.")
        subscription.source.leave(subscription)
        client.outbox.forget(subscription.numbering)
        client.outbox.put(frame("unsubscription_confirmed", reference=reference, channel=channel))

    async def _get_metrics(self, message: dict[str, Any], reference: object) -> None:
        """Raises UnknownMetrics, PermissionMissing, NotPermitted."""
        metrics_type, time_range = range_of(message.get("metrics_type"), message.get("time_range"))
        data = await self._hub.workers.run(read_metrics, self._client.caller.access, metrics_type, time_range)
        answer = frame(
            "metrics_response", reference=reference, metrics_type=metrics_type, time_range=time_range, data=data
        )
        self._client.outbox.put(answer)


def _channel(message: dict[str, Any]) -> str:
    channel = message.get("channel")
    if not isinstance(channel, str) or len(channel) > _LONGEST_CHANNEL:
        raise InvalidFrame("A frame that subscribes names its channel.")
    return channel

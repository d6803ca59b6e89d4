"""What is sent: JSON, encoded once for all sockets that get it."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from opinion_market.api.json import dump
from opinion_market.kernel.errors import DomainError, InvalidInput, JsonValue, NotFound

PROTOCOL = 1
LONGEST_MESSAGE = 8 * 1024


class InvalidFrame(InvalidInput):
    code = "invalid_frame"
    title = "This is not a frame of the protocol."


class UnknownChannel(NotFound):
    code = "unknown_channel"
    title = "There is no such channel."


class UnknownMetrics(NotFound):
    code = "unknown_metrics"
    title = "There are no such metrics."


class TooManySubscriptions(DomainError):
    code = "too_many_subscriptions"
    status = 429
    title = "A socket may not have more subscriptions."


class RateLimited(DomainError):
    code = "rate_limited"
    status = 429
    title = "Too many messages."


@dataclass(frozen=True, slots=True)
class Update:
    """News of a channel. `body` is the JSON of `data`; of several with the same `key` only the latest matters to a client,
    none is dispensable without one. `whole`: what to send instead of a body that only says what changed since the one before,
    when that one has not been sent."""

    body: str
    key: Hashable | None = None
    whole: str | None = None


def encode(value: object) -> str:
    """Compact JSON."""
    return dump(value).decode()


def update(data: Mapping[str, Any], *, key: Hashable | None = None) -> Update:
    return Update(encode(data), key)


def numbered(kind: str, channel: str, sequence: int, body: str, reference: str = "") -> str:
    """An `update` or `initial_data`; the body is not encoded again. `channel` has been checked to need no escaping."""
    return f"{_before(kind, channel)}{sequence}{_after(body, reference)}"


def around_sequence(kind: str, channel: str, body: str) -> tuple[bytes, bytes]:
    """What `numbered` puts before and after the sequence, in UTF-8: to number the same body for many sockets."""
    return _before(kind, channel).encode(), _after(body).encode()


def _before(kind: str, channel: str) -> str:
    return f'{{"type":"{kind}","channel":"{channel}","sequence":'


def _after(body: str, reference: str = "") -> str:
    return f',"data":{body}{reference}}}'


def frame(kind: str, *, reference: object = None, **fields: object) -> str:
    """Any other frame. `reference` is the id of the frame it answers."""
    whole = {"type": kind, **fields}
    if reference is not None:
        whole["id"] = reference
    return encode(whole)


def error_frame(error: DomainError, *, channel: str | None = None, reference: object = None) -> str:
    data: dict[str, JsonValue] = error.data
    return frame("error", reference=reference, code=error.code, message=error.message, channel=channel, data=data)


def decoded(text: str) -> dict[str, Any]:
    """A client's frame: an object with a `type`. Raises InvalidFrame."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidFrame(f"A frame is a JSON object: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise InvalidFrame("A frame is a JSON object with a type.")
    if not isinstance(value.get("id"), str | int | None):
        raise InvalidFrame("A frame's id is a text or a number.")
    return value

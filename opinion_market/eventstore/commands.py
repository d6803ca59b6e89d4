"""Commands: what may be asked of the platform by name, each with a typed input, a permission and a handler.

Apps register theirs in `ready()`:

    class CancelOrderInput(CommandInput):
        order_id: UUID

    commands.register(Command("CancelOrder", CancelOrderInput, cancel_order, permission=None, summary="Cancel an open order."))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import orjson
from django.contrib.auth.base_user import AbstractBaseUser
from pydantic import BaseModel, ConfigDict, ValidationError

from opinion_market.eventstore.append import StreamRange, appended_events
from opinion_market.eventstore.errors import InvalidCommand, UnknownCommand
from opinion_market.eventstore.read import RecordedEvent, read_stream
from opinion_market.kernel.errors import NotPermitted


class CommandInput(BaseModel):
    """Base of the inputs: unknown fields and silent conversions are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Input = TypeVar("Input", bound=CommandInput)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns.

    `status` is `accepted` when the work goes on in the background. `appended` names events that another thread appended for
    it (the exchange's sequencer does); those the handler appends itself are found without.
    """

    result: Mapping[str, object]
    status: Literal["done", "accepted"] = "done"
    appended: Sequence[StreamRange] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Command(Generic[Input]):
    """`handler(actor=, input=, now=)` opens its own transaction, or joins the caller's.

    `permission` is asked at the door, in any of the actor's organizations; the handler asks for the one in question. None:
    the handler alone authorises. `platform_wide`: it touches every organization's affairs, so only superusers may.
    `sequenced`: the effect is in a transaction that the handler does not share (the exchange's sequencer opens it). Such a
    handler must not be called inside a transaction and is called with `key=` too: under the same key there is one effect.
    """

    name: str
    input: type[Input]
    handler: Callable[..., Answer]
    permission: str | None
    summary: str
    platform_wide: bool = False
    sequenced: bool = False


@dataclass(frozen=True, slots=True)
class Processed:
    """A command's answer, with the events it appended."""

    status: str
    result: Mapping[str, object]
    events: list[RecordedEvent]
    appended: list[StreamRange]


Door = Callable[[AbstractBaseUser, Command[Any]], None]


def _closed(actor: AbstractBaseUser, command: Command[Any]) -> None:
    raise NotPermitted("Nobody has said who may give commands.")


_door: list[Door] = [_closed]


def guard(door: Door) -> None:
    """Say who may give commands: `door` raises NotPermitted. Until it is called nobody may."""
    _door[:] = [door]


def authorise(actor: AbstractBaseUser, command: Command[Any]) -> None:
    """Ask the door. Raises NotPermitted."""
    _door[0](actor, command)


_registered: dict[str, Command[Any]] = {}


def register(command: Command[Any]) -> None:
    """Offer a command. Raises ValueError for a name that is taken."""
    if _registered.setdefault(command.name, command) != command:
        raise ValueError(f"There is another command named {command.name!r}.")


def registered() -> list[Command[Any]]:
    """All commands, by name."""
    return [_registered[name] for name in sorted(_registered)]


def named(name: str) -> Command[Any]:
    """Raises UnknownCommand."""
    try:
        return _registered[name]
    except KeyError:
        raise UnknownCommand(name=name, known=list[object](sorted(_registered))) from None


def parse(command: Command[Input], values: Mapping[str, object]) -> Input:
    """The typed input. Raises InvalidCommand naming every field that is wrong."""
    return parse_values(command.input, values)


def parse_values(kind: type[Input], values: Mapping[str, object]) -> Input:
    """A typed input from JSON values. Raises InvalidCommand."""
    try:
        # Through JSON, whose strict mode still reads identifiers and times from text.
        return kind.model_validate_json(orjson.dumps(values))
    except ValidationError as error:
        errors = [
            {"field": ".".join(map(str, each["loc"])), "code": each["type"], "message": each["msg"]}
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidCommand(errors=list[object](errors)) from None


def process(
    *, command: Command[Input], actor: AbstractBaseUser, input: Input, now: datetime, key: UUID | None = None
) -> Processed:
    """Carry out a command the caller has authorised. Raises whatever its handler raises; nothing is changed then.

    A sequenced one needs a `key`.
    """
    given: dict[str, object] = {"actor": actor, "input": input, "now": now}
    if command.sequenced:
        if key is None:
            raise ValueError(f"{command.name} needs a key.")
        given["key"] = key
    with appended_events() as ranges:
        answer = command.handler(**given)
    # This thread may have led the sequencer's batch for others, whose events are not this command's.
    appended = list(answer.appended) if command.sequenced else [*ranges, *answer.appended]
    return Processed(answer.status, answer.result, events_of(appended), appended)


def events_of(appended: Sequence[StreamRange]) -> list[RecordedEvent]:
    """The events of these ranges, range by range."""
    return [
        event
        for each in appended
        for event in read_stream(each.stream, after=each.first_version - 1, until=each.last_version)
    ]

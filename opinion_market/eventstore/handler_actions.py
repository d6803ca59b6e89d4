"""What event handlers can do: a registry of actions, each with typed settings. Apps register theirs in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opinion_market.eventstore.commands import CommandInput, parse_values
from opinion_market.eventstore.errors import InvalidCommand, InvalidHandler
from opinion_market.eventstore.models import Delivery, EventHandler
from opinion_market.eventstore.read import RecordedEvent


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event that a handler is to act on."""

    handler: EventHandler
    delivery: Delivery
    event: RecordedEvent
    settings: Any
    now: datetime


@dataclass(frozen=True, slots=True)
class Action:
    """`perform` acts and tells in a line what came of it; raises DomainError or OSError to be tried again.

    `is_transactional`: it writes to the database alone, so it is done in the transaction that records it, once. Others may
    be done again. `check` refuses settings that cannot work, given who configures them.
    """

    name: str
    summary: str
    settings: type[CommandInput]
    perform: Callable[[Occasion], str]
    check: Callable[[Any, UUID], None]
    is_transactional: bool


_registered: dict[str, Action] = {}


def register(action: Action) -> None:
    """Raises ValueError for a name that is taken."""
    if _registered.setdefault(action.name, action) != action:
        raise ValueError(f"There is another action named {action.name!r}.")


def registered() -> list[Action]:
    """All actions, by name."""
    return [_registered[name] for name in sorted(_registered)]


def named(name: str) -> Action:
    """Raises InvalidHandler."""
    try:
        return _registered[name]
    except KeyError:
        raise InvalidHandler(f"There is no action named {name!r}.", known=list[object](sorted(_registered))) from None


def parsed_settings(action: Action, values: dict[str, Any]) -> Any:
    """The typed settings. Raises InvalidHandler naming the fields that are wrong."""
    try:
        return parse_values(action.settings, values)
    except InvalidCommand as refused:
        raise InvalidHandler("The action's settings do not have the shape it needs.", **refused.data) from None

"""Processes: work of several steps, each with what undoes it. Apps register theirs in `ready()`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth.base_user import AbstractBaseUser

from opinion_market.eventstore.commands import CommandInput
from opinion_market.eventstore.errors import UnknownProcess


@dataclass(frozen=True, slots=True)
class Context:
    """What a step is done with: on whose behalf, the process's input, and what the steps before it came to.

    `key` is the step's own, the same at every attempt.
    """

    actor: AbstractBaseUser
    input: Any
    results: Mapping[str, Mapping[str, Any]]
    now: datetime
    key: UUID


Action = Callable[[Context], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Step:
    """`act` does the step, `undo` compensates it (None: there is nothing to undo). Either raises DomainError to refuse.

    They run in the transaction that records them. A `sequenced` step's `act` has one of its own (the exchange's sequencer): it
    must have one effect under the context's key, however often it is called.
    """

    name: str
    act: Action
    undo: Action | None = None
    sequenced: bool = False


@dataclass(frozen=True, slots=True)
class ProcessType:
    """Steps in their order. `organization` tells from the input whose affair it is."""

    name: str
    input: type[CommandInput]
    steps: tuple[Step, ...]
    organization: Callable[[Any], UUID | None]
    summary: str

    def step(self, name: str) -> Step:
        """Raises KeyError."""
        return {step.name: step for step in self.steps}[name]


def step_key(process_id: UUID, step: str, *, is_undo: bool) -> UUID:
    """The key of one step of one process."""
    return uuid5(process_id, f"{'undo' if is_undo else 'act'}:{step}")


_registered: dict[str, ProcessType] = {}


def register(process: ProcessType) -> None:
    """Raises ValueError for a name that is taken."""
    if _registered.setdefault(process.name, process) != process:
        raise ValueError(f"There is another process named {process.name!r}.")


def registered() -> list[ProcessType]:
    """All processes, by name."""
    return [_registered[name] for name in sorted(_registered)]


def named(name: str) -> ProcessType:
    """Raises UnknownProcess."""
    try:
        return _registered[name]
    except KeyError:
        raise UnknownProcess(name=name) from None

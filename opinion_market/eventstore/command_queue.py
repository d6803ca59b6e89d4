"""Commands carried out later, or to the end though the process that began them was killed.

A command is stored and then done. What it does happens once: either in the one transaction that also records its success, or,
when the exchange's sequencer does it, under the command's own id as the idempotency key. A queue's message only makes
it happen soon: `run_due` finds what no message came for.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from opinion_market.eventstore import commands
from opinion_market.eventstore.append import StreamRange
from opinion_market.eventstore.commands import Command, CommandInput, Processed
from opinion_market.eventstore.errors import CommandAbandoned, CommandNotFound, CommandNotQueued
from opinion_market.eventstore.models import QueuedCommand
from opinion_market.kernel.correlation import correlation_id, set_correlation_id
from opinion_market.kernel.errors import DomainError, NotPermitted

log = logging.getLogger(__name__)

# Longer than a task may run (CELERY_TASK_TIME_LIMIT), so that the holder of a lease that is over is dead.
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 8
# The sequencer remembers answers for 24 hours; a repetition after that might be a second order.
_REPEATABLE_FOR = timedelta(hours=20)
_LONGEST_PAUSE = timedelta(minutes=5)
# A message normally comes sooner; what is older is taken without one.
_MESSAGE_OVERDUE = timedelta(seconds=4)
_ERROR_LENGTH = 500
State = QueuedCommand.State


@transaction.atomic
def accept(
    *,
    command: Command[Any],
    actor_id: UUID,
    input: CommandInput,
    now: datetime,
    delivery_id: int | None = None,
    send: Callable[[UUID], object] | None = None,
) -> QueuedCommand:
    """Store a command the caller has authorised and parsed. `send` is called with its id once that is committed."""
    row = QueuedCommand.objects.create(
        command=command.name,
        input=orjson.loads(input.model_dump_json()),
        actor_id=actor_id,
        correlation_id=correlation_id(),
        delivery_id=delivery_id,
        created_at=now,
        due_at=now,
    )
    if send is not None:
        transaction.on_commit(lambda: send(row.pk), robust=True)
    return row


def commands_of(actor_id: UUID | None, *, filters: Mapping[str, object] | None = None) -> QuerySet[QueuedCommand]:
    """Commands somebody gave (None: anybody), to be ordered by id."""
    found = QueuedCommand.objects.filter(**(filters or {}))
    return found if actor_id is None else found.filter(actor_id=actor_id)


def command_of(actor_id: UUID | None, command_id: UUID) -> QueuedCommand:
    """One of them. Raises CommandNotFound."""
    found = commands_of(actor_id).filter(pk=command_id).first()
    if found is None:
        raise CommandNotFound(command=str(command_id))
    return found


@transaction.atomic
def cancel(*, actor_id: UUID | None, command_id: UUID, now: datetime) -> QueuedCommand:
    """Take back a command nobody has begun. Locks: its row. Raises CommandNotFound, CommandNotQueued."""
    row = commands_of(actor_id).select_for_update(of=("self",)).filter(pk=command_id).first()
    if row is None:
        raise CommandNotFound(command=str(command_id))
    # One that was interrupted may have had its effect.
    if row.state != State.QUEUED or row.attempts:
        raise CommandNotQueued(state=row.state)
    row.state, row.finished_at = State.CANCELLED, now
    row.save(update_fields=["state", "finished_at"])
    return row


def run_due(*, now: datetime, clock: Callable[[], datetime], most: int = 100) -> int:
    """Carry out what is overdue: its message was lost, its process was killed, or it is to be tried again; how many."""
    waiting = Q(state=State.QUEUED, due_at__lte=now - _MESSAGE_OVERDUE)
    orphaned = Q(state=State.RUNNING, lease_until__lt=now)
    due = QueuedCommand.objects.filter(waiting | orphaned).order_by("due_at", "pk")
    ids = list(due.values_list("pk", flat=True)[:most])
    return sum(run(command_id, clock=clock) is not None for command_id in ids)


def run(command_id: UUID, *, clock: Callable[[], datetime]) -> QueuedCommand | None:
    """Carry out a command that is due; None if it is not, is over, or another process has it.

    Must not be called inside a transaction. Refusals (DomainError) are its end; anything else is tried again, after 2, 4,
    8 … seconds, at most MOST_ATTEMPTS times.
    """
    row = _claim(command_id, now=clock())
    if row is None:
        return None
    try:
        with _under(row):
            _carry_out(row, clock)
    except DomainError as refused:
        if refused.status >= 500:
            _interrupted(row, refused, now=clock())
        else:
            _fail(row, refused, now=clock())
    except Exception as error:  # the edge of a background process: the command must not stay "running" for ever
        log.exception("Command %s (%s) was interrupted", row.pk, row.command)
        _interrupted(row, error, now=clock())
    return row


@transaction.atomic
def _claim(command_id: UUID, *, now: datetime) -> QueuedCommand | None:
    free = Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lt=now)
    row = QueuedCommand.objects.select_for_update(skip_locked=True, of=("self",)).filter(free, pk=command_id).first()
    if row is None:
        return None
    row.state, row.lease_until = State.RUNNING, now + LEASE
    row.started_at = row.started_at or now
    row.attempts += 1
    row.save(update_fields=["state", "lease_until", "started_at", "attempts"])
    return row


@contextmanager
def _under(row: QueuedCommand) -> Iterator[None]:
    """Have the events bear the command's id as their correlation id, which finds them again."""
    before = correlation_id()
    set_correlation_id(str(row.pk))
    try:
        yield
    finally:
        set_correlation_id(before)


def _carry_out(row: QueuedCommand, clock: Callable[[], datetime]) -> None:
    command = commands.named(row.command)
    actor = _actor(row)
    commands.authorise(actor, command)
    given = commands.parse(command, row.input)
    now = clock()
    if command.sequenced:
        if row.attempts > 1 and row.started_at is not None and now - row.started_at > _REPEATABLE_FOR:
            raise CommandAbandoned(command=str(row.pk))
        processed = commands.process(command=command, actor=actor, input=given, now=row.created_at, key=row.pk)
        _succeed(row, processed, now=clock())
    else:
        with transaction.atomic():
            # Locked to the end: if the lease ran out meanwhile, whoever took over finds it done.
            if not _is_ours(row):
                return
            processed = commands.process(command=command, actor=actor, input=given, now=now)
            _succeed(row, processed, now=now)


def _actor(row: QueuedCommand) -> AbstractBaseUser:
    """Raises NotPermitted if there is no such user any more, or they were deactivated."""
    found: AbstractBaseUser | None = get_user_model()._default_manager.filter(pk=row.actor_id, is_active=True).first()
    if found is None:
        raise NotPermitted("Who gave the command may no longer act.")
    return found


def _is_ours(row: QueuedCommand) -> bool:
    held = QueuedCommand.objects.select_for_update(of=("self",)).filter(
        pk=row.pk, state=State.RUNNING, attempts=row.attempts
    )
    return held.exists()


def _end(row: QueuedCommand, **values: Any) -> None:
    """Record the end of this very attempt; a later one, if there is, has the say."""
    for name, value in values.items():
        setattr(row, name, value)
    QueuedCommand.objects.filter(pk=row.pk, state=State.RUNNING, attempts=row.attempts).update(**values)


def _succeed(row: QueuedCommand, processed: Processed, *, now: datetime) -> None:
    _end(
        row,
        state=State.SUCCEEDED,
        finished_at=now,
        lease_until=None,
        last_error="",
        result=orjson.loads(orjson.dumps(processed.result, default=str)),
        appended=[[each.stream, each.first_version, each.last_version] for each in processed.appended],
    )


def problem_of(refused: DomainError) -> dict[str, object]:
    """A refusal as it is kept."""
    data = orjson.loads(orjson.dumps(refused.data, default=str))
    return {
        "code": refused.code,
        "status": refused.status,
        "title": refused.title,
        "message": refused.message,
        "data": data,
    }


def _fail(row: QueuedCommand, refused: DomainError, *, now: datetime) -> None:
    _end(row, state=State.FAILED, finished_at=now, lease_until=None, problem=problem_of(refused))


def _interrupted(row: QueuedCommand, error: Exception, *, now: datetime) -> None:
    """Let it be tried again, or give it up."""
    told = f"{type(error).__name__}: {error}"[:_ERROR_LENGTH]
    if row.attempts < MOST_ATTEMPTS:
        pause = min(timedelta(seconds=2**row.attempts), _LONGEST_PAUSE)
        _end(row, state=State.QUEUED, due_at=now + pause, lease_until=None, last_error=told)
        return
    problem = {
        "code": "internal_error",
        "status": 500,
        "title": "The command could not be carried out.",
        "message": f"It was given up after {row.attempts} attempts.",
        "data": {},
    }
    _end(row, state=State.FAILED, finished_at=now, lease_until=None, last_error=told, problem=problem)


def appended_ranges(row: QueuedCommand) -> list[StreamRange]:
    """Where the command's events are."""
    return [StreamRange(stream, first, last) for stream, first, last in row.appended]

"""Running processes: step by step, and back again when a step is refused. Survives a kill at any line.

Each step commits together with its event in the stream `process-<id>` and the process's row. Whoever works on a process holds a
lease (`due_at` in the future); when it dies, `run_due` takes over where the stream ends.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from opinion_market.eventstore import process_types
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.command_queue import LEASE, MOST_ATTEMPTS, problem_of
from opinion_market.eventstore.commands import CommandInput, parse_values
from opinion_market.eventstore.errors import CommandAbandoned, ProcessNotFound, ProcessNotStuck
from opinion_market.eventstore.models import Process
from opinion_market.eventstore.process_history import History, history_of
from opinion_market.eventstore.process_types import Context, ProcessType, Step, step_key
from opinion_market.kernel.correlation import correlation_id, set_correlation_id
from opinion_market.kernel.errors import DomainError, NotPermitted
from opinion_market.kernel.ids import uuid7

log = logging.getLogger(__name__)

State = Process.State
_LONGEST_PAUSE = timedelta(minutes=5)
# The sequencer remembers answers for 24 hours; a repetition after that might be a second effect.
_REPEATABLE_FOR = timedelta(hours=20)


@transaction.atomic
def start(
    *,
    type: ProcessType,
    actor: AbstractBaseUser,
    input: CommandInput,
    now: datetime,
    send: Callable[[UUID], object] | None = None,
) -> Process:
    """Begin a process; its steps are done by whoever `run`s it. `send` is called with its id on commit.

    Appends: ProcessStarted.
    """
    organization = type.organization(input)
    process = Process(
        id=uuid7(),
        name=type.name,
        actor_id=actor.pk,
        organization_id=organization,
        step=type.steps[0].name,
        started_at=now,
        updated_at=now,
        due_at=now,
    )
    process.save(force_insert=True)
    _record(process, "ProcessStarted", {"name": type.name, "input": orjson.loads(input.model_dump_json())}, now=now)
    if send is not None:
        transaction.on_commit(lambda: send(process.pk), robust=True)
    return process


def run_due(*, clock: Callable[[], datetime], most: int = 100) -> int:
    """Work on every process that waits for somebody; how many."""
    due = Process.objects.filter(due_at__lte=clock()).order_by("due_at", "pk")
    ids = list(due.values_list("pk", flat=True)[:most])
    for process_id in ids:
        run(process_id, clock=clock)
    return len(ids)


def run(process_id: UUID, *, clock: Callable[[], datetime]) -> None:
    """Do the steps that are due until the process is over, must wait, or another has it. Not inside a transaction."""
    before = correlation_id()
    set_correlation_id(str(process_id))  # the effects' events bear it
    try:
        while advance(process_id, clock=clock):
            pass
    finally:
        set_correlation_id(before)


def advance(process_id: UUID, *, clock: Callable[[], datetime]) -> bool:
    """Do or undo one step; False if there is nothing to do now."""
    process = _claim(process_id, now=clock())
    if process is None:
        return False
    try:
        _take_step(process, clock)
    except DomainError as refused:
        if refused.status < 500:
            _refused(process, refused, now=clock())
        else:
            _interrupted(process, refused, now=clock())
    except Exception as error:  # the edge of a background process: the process must not be lost
        log.exception("Process %s (%s) was interrupted at %s", process.pk, process.name, process.step)
        _interrupted(process, error, now=clock())
    return True


@transaction.atomic
def _claim(process_id: UUID, *, now: datetime) -> Process | None:
    free = Process.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=process_id, due_at__lte=now)
    process = free.first()
    if process is None:
        return None
    process.due_at = now + LEASE
    process.attempts += 1
    process.save(update_fields=["due_at", "attempts"])
    return process


def _take_step(process: Process, clock: Callable[[], datetime]) -> None:
    type = process_types.named(process.name)
    history = history_of(process.stream)
    step = type.step(process.step)
    is_undo = process.state == State.COMPENSATING
    context = Context(
        actor=_actor(process),
        input=parse_values(type.input, history.input),
        results=history.results,
        now=clock(),
        key=step_key(process.pk, step.name, is_undo=is_undo),
    )
    if step.sequenced and not is_undo:
        if process.attempts > 1 and context.now - process.updated_at > _REPEATABLE_FOR:
            raise CommandAbandoned(process=str(process.pk))
        result = step.act(context)
        with transaction.atomic():
            if _is_ours(process):
                _step_done(process, type, step, result, history, now=clock())
        return
    with transaction.atomic():
        # Locked to the end: if the lease ran out meanwhile, whoever took over finds the step done.
        if not _is_ours(process):
            return
        if is_undo:
            result = step.undo(context) if step.undo is not None else {}
            _step_undone(process, type, step, result, history, now=context.now)
        else:
            _step_done(process, type, step, step.act(context), history, now=context.now)


def _actor(process: Process) -> AbstractBaseUser:
    users = get_user_model()._default_manager
    found: AbstractBaseUser | None = users.filter(pk=process.actor_id, is_active=True).first()
    if found is None:
        raise NotPermitted("Who started the process may no longer act.")
    return found


def _is_ours(process: Process) -> bool:
    held = Process.objects.select_for_update(of=("self",))
    return held.filter(pk=process.pk, version=process.version, attempts=process.attempts).exists()


def _step_done(
    process: Process, type: ProcessType, step: Step, result: Mapping[str, object], history: History, *, now: datetime
) -> None:
    _record(process, "StepCompleted", {"step": step.name, "result": _plain(result)}, now=now, save=False)
    done = {*history.results, step.name}
    following = next((each.name for each in type.steps if each.name not in done), None)
    if following is None:
        _record(process, "ProcessCompleted", {}, now=now, save=False)
        _move(process, state=State.COMPLETED, step="", due_at=None, now=now)
    else:
        _move(process, state=State.RUNNING, step=following, due_at=now, now=now)


def _step_undone(
    process: Process, type: ProcessType, step: Step, result: Mapping[str, object], history: History, *, now: datetime
) -> None:
    _record(process, "StepCompensated", {"step": step.name, "result": _plain(result)}, now=now, save=False)
    _undo_next(process, type, history, undone={*history.undone, step.name}, now=now)


def _undo_next(process: Process, type: ProcessType, history: History, *, undone: set[str], now: datetime) -> None:
    """Turn to the last step that is done and not undone; the process is over when there is none."""
    left = [step.name for step in type.steps if step.name in history.results and step.name not in undone]
    if left:
        _move(process, state=State.COMPENSATING, step=left[-1], due_at=now, now=now)
    else:
        _record(process, "ProcessCompensated", {}, now=now, save=False)
        _move(process, state=State.COMPENSATED, step="", due_at=None, now=now)


@transaction.atomic
def _refused(process: Process, refused: DomainError, *, now: datetime) -> None:
    """A step that is refused is the turning point; an undoing that is refused waits for a person."""
    if not _is_ours(process):
        return
    process.problem = problem_of(refused)
    if process.state == State.COMPENSATING or isinstance(refused, CommandAbandoned):
        _stick(process, now=now)
        return
    _record(process, "StepFailed", {"step": process.step, "problem": process.problem}, now=now, save=False)
    history = history_of(process.stream)
    _undo_next(process, process_types.named(process.name), history, undone=set(), now=now)


@transaction.atomic
def _interrupted(process: Process, error: Exception, *, now: datetime) -> None:
    """Try again later, or wait for a person: what an unexpected failure left behind nobody knows."""
    if not _is_ours(process):
        return
    if process.attempts < MOST_ATTEMPTS:
        process.due_at = now + min(timedelta(seconds=2**process.attempts), _LONGEST_PAUSE)
        process.save(update_fields=["due_at"])
        return
    process.problem = {"code": "internal_error", "status": 500, "title": "The step failed again and again.",
                       "message": type(error).__name__, "data": {}}  # fmt: skip
    _stick(process, now=now)


def _stick(process: Process, *, now: datetime) -> None:
    _record(process, "ProcessStuck", {"step": process.step, "problem": process.problem}, now=now, save=False)
    _move(process, state=State.STUCK, step=process.step, due_at=None, now=now)


@transaction.atomic
def retry(*, actor: AbstractBaseUser, process_id: UUID, now: datetime) -> Process:
    """Take over a process that is stuck, in the actor's name. Locks: its row.

    Raises ProcessNotFound, ProcessNotStuck. Appends: ProcessRetried.
    """
    process = Process.objects.select_for_update(of=("self",)).filter(pk=process_id).first()
    if process is None:
        raise ProcessNotFound(process=str(process_id))
    if process.state != State.STUCK:
        raise ProcessNotStuck(state=process.state)
    process.actor_id = actor.pk
    is_turned = history_of(process.stream).failed_step is not None
    _record(process, "ProcessRetried", {"step": process.step}, now=now, save=False)
    process.save(update_fields=["actor_id"])
    state = State.COMPENSATING if is_turned else State.RUNNING
    _move(process, state=state, step=process.step, due_at=now, now=now)
    return process


def _plain(result: Mapping[str, object]) -> Any:
    return orjson.loads(orjson.dumps(dict(result), default=str))


def _record(process: Process, type: str, data: Mapping[str, object], *, now: datetime, save: bool = True) -> None:
    organization = str(process.organization_id) if process.organization_id else None
    who = metadata(actor=str(process.actor_id), organization=organization, correlation=str(process.pk))
    head = append(
        stream=process.stream, expected_version=process.version, events=[NewEvent(type, data, now, metadata=who)]
    )
    process.version = head.version
    if save:
        process.save(update_fields=["version"])


def _move(process: Process, *, state: str, step: str, due_at: datetime | None, now: datetime) -> None:
    process.state, process.step, process.due_at, process.updated_at, process.attempts = state, step, due_at, now, 0
    process.save(update_fields=["state", "step", "due_at", "updated_at", "attempts", "version", "problem"])

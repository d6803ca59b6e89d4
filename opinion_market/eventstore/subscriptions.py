"""Subscriptions: handlers that see every event of the store once, in order, however late it was committed.

Apps register theirs in `ready()`:

    subscriptions.register(Subscription("portfolio", handle_fills, types=frozenset({"OrderFilled"})))

The handler's writes and the subscription's checkpoint are one transaction, guarded by a lock on the checkpoint's row: what
a handler does in the database happens exactly once. What it does elsewhere (mail, cache) may happen again and must bear it.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db import connection, transaction

from opinion_market.eventstore.errors import InvalidState, UnknownSubscription
from opinion_market.eventstore.models import Checkpoint
from opinion_market.eventstore.read import GlobalKey, RecordedEvent, read_window

log = logging.getLogger(__name__)

Handler = Callable[[Sequence[RecordedEvent]], None]

_LONGEST_PAUSE = timedelta(minutes=5)
_ERROR_LENGTH = 2000
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Subscription:
    """`handler` gets the events of `types` (None: all) in order, never an empty batch; `batch` events are looked at at once.

    `current_types` is asked anew for each batch, where they are not known beforehand.
    """

    name: str
    handler: Handler
    types: frozenset[str] | None = None
    batch: int = 1000
    current_types: Callable[[], Collection[str]] | None = None


class Outcome(Enum):
    """How one run of a subscription ended."""

    ADVANCED = "advanced"
    UP_TO_DATE = "up to date"
    BUSY = "another process has it"
    WAITING = "waits after a failure"
    FAILED = "failed"
    PAUSED = "paused"


_registered: dict[str, Subscription] = {}


def register(subscription: Subscription) -> None:
    """Have a subscription run by the platform. Raises ValueError for a name that is taken."""
    if _registered.setdefault(subscription.name, subscription) != subscription:
        raise ValueError(f"There is another subscription named {subscription.name!r}.")


def registered() -> list[Subscription]:
    """All subscriptions the platform runs, by name."""
    return [_registered[name] for name in sorted(_registered)]


def named(name: str) -> Subscription:
    """Raises UnknownSubscription."""
    try:
        return _registered[name]
    except KeyError:
        raise UnknownSubscription(name=name) from None


def run_once(subscription: Subscription, *, now: datetime) -> Outcome:
    """Handle the next batch in one transaction.

    Locks: the checkpoint's row; does nothing if another process holds it. When the handler raises, nothing moves, the
    error is kept in the checkpoint, and the subscription pauses: 2, 4, 8 … seconds, at most 5 minutes.
    """
    Checkpoint.objects.bulk_create([Checkpoint(subscriber=subscription.name)], ignore_conflicts=True)
    try:
        with transaction.atomic():
            return _handle_next(subscription, now=now)
    except Exception as error:  # the edge of a background process: whatever a handler raises must not stop the others
        log.exception("Subscription %s failed", subscription.name)
        _record_failure(subscription, error, now=now)
        return Outcome.FAILED


def _handle_next(subscription: Subscription, *, now: datetime) -> Outcome:
    checkpoint = (
        Checkpoint.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(subscriber=subscription.name)
        .first()
    )
    if checkpoint is None:
        return Outcome.BUSY
    if checkpoint.paused_at is not None:
        return Outcome.PAUSED
    if checkpoint.retry_at is not None and checkpoint.retry_at > now:
        return Outcome.WAITING
    started_s = time.monotonic()
    start = GlobalKey(checkpoint.transaction_id, checkpoint.position)
    until, events = read_window(
        after=start, size=subscription.batch, types=subscription.current_types or subscription.types
    )
    if until == start:
        return Outcome.UP_TO_DATE
    if events:
        subscription.handler(events)
    checkpoint.transaction_id, checkpoint.position = until.transaction_id, until.position
    checkpoint.handled += len(events)
    checkpoint.updated_at = now
    if events:
        checkpoint.busy_ms += round((time.monotonic() - started_s) * 1000)
        _count_by_minute(checkpoint, len(events), now=now)
    checkpoint.failures, checkpoint.last_error, checkpoint.failed_at, checkpoint.retry_at = 0, "", None, None
    checkpoint.save()
    return Outcome.ADVANCED


def _count_by_minute(checkpoint: Checkpoint, events: int, *, now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0)
    if checkpoint.minute != minute:
        is_next = checkpoint.minute == minute - _MINUTE
        checkpoint.earlier_handled = checkpoint.minute_handled if is_next else 0
        checkpoint.minute, checkpoint.minute_handled = minute, 0
    checkpoint.minute_handled += events


def events_per_minute(checkpoint: Checkpoint, *, now: datetime) -> int:
    """Events handled in the last full minute."""
    minute = now.replace(second=0, microsecond=0)
    if checkpoint.minute == minute:
        return checkpoint.earlier_handled
    return checkpoint.minute_handled if checkpoint.minute == minute - _MINUTE else 0


def _record_failure(subscription: Subscription, error: Exception, *, now: datetime) -> None:
    with transaction.atomic():
        checkpoint = Checkpoint.objects.select_for_update(of=("self",)).get(subscriber=subscription.name)
        checkpoint.failures += 1
        checkpoint.last_error = f"{type(error).__name__}: {error}"[:_ERROR_LENGTH]
        checkpoint.failed_at = now
        checkpoint.retry_at = now + min(timedelta(seconds=2 ** min(checkpoint.failures, 20)), _LONGEST_PAUSE)
        checkpoint.save(update_fields=["failures", "last_error", "failed_at", "retry_at"])


@transaction.atomic
def retry_now(*, name: str) -> None:
    """End the pause after a failure. Locks: the checkpoint. Raises UnknownSubscription."""
    Checkpoint.objects.filter(subscriber=named(name).name).update(retry_at=None)


@transaction.atomic
def pause(*, name: str, now: datetime) -> None:
    """Have a subscription read nothing until it is resumed. A batch in flight ends first.

    Locks: the checkpoint. Raises UnknownSubscription, InvalidState.
    """
    Checkpoint.objects.bulk_create([Checkpoint(subscriber=named(name).name)], ignore_conflicts=True)
    if not Checkpoint.objects.filter(subscriber=name, paused_at=None).update(paused_at=now):
        raise InvalidState(f"{name} is paused already.")


@transaction.atomic
def resume(*, name: str) -> None:
    """Let it go on where it stopped. Locks: the checkpoint. Raises UnknownSubscription, InvalidState."""
    if not Checkpoint.objects.filter(subscriber=named(name).name, paused_at__isnull=False).update(paused_at=None):
        raise InvalidState(f"{name} is not paused.")


def run_all(*, clock: Callable[[], datetime], seconds: float) -> dict[str, Outcome]:
    """Run every subscription in turn, batch by batch, until all are up to date or `seconds` have passed."""
    outcomes: dict[str, Outcome] = {}
    deadline = time.monotonic() + seconds
    pending = registered()
    while pending and time.monotonic() < deadline:
        for subscription in pending:
            outcomes[subscription.name] = run_once(subscription, now=clock())
        pending = [subscription for subscription in pending if outcomes[subscription.name] is Outcome.ADVANCED]
    return outcomes


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a subscription is behind: events not looked at yet (counted up to `COUNTED`) and the age of the oldest."""

    events: int
    seconds: float


COUNTED = 100_000


def lag(checkpoint: Checkpoint, *, now: datetime) -> Lag:
    """Counts what is committed after the checkpoint, in the index only; costs about 10 ms per 100,000 events behind."""
    key = [checkpoint.transaction_id, checkpoint.position]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM eventstore_event WHERE (transaction_id, position) > (%s, %s) LIMIT %s) x",
            [*key, COUNTED],
        )
        events: int = cursor.fetchone()[0]
        cursor.execute(
            "SELECT recorded_at FROM eventstore_event WHERE (transaction_id, position) > (%s, %s) "
            "ORDER BY transaction_id, position LIMIT 1",
            key,
        )
        oldest = cursor.fetchone()
    return Lag(events, max(0.0, (now - oldest[0]).total_seconds()) if oldest else 0.0)

"""Rebuilding a projection without anybody noticing: beside the one in use, which goes on being kept up and read.

A rebuild is a row and a checkpoint of its own, so it continues after a kill. When it has caught up with the projection in use it
takes its place, in one transaction: until then readers see the old figures, from then on the new ones.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction

from opinion_market.eventstore import projections, shadow_tables
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.errors import NotRebuildable, NotRebuilding
from opinion_market.eventstore.models import Checkpoint, ProjectionRebuild
from opinion_market.eventstore.projections import Projection
from opinion_market.eventstore.read import GlobalKey, RecordedEvent, read_window
from opinion_market.eventstore.subscriptions import Handler, Outcome, Subscription, run_once

log = logging.getLogger(__name__)

# Windows a swap may still read while the projection in use stands still; one further behind is caught up before.
_WINDOWS_IN_SWAP = 20
_PAUSE_S = 0.05


def checkpoint_name(projection: str) -> str:
    """The name of the rebuild's own checkpoint."""
    return f"rebuild:{projection}"


@transaction.atomic
def start(*, projection: Projection, actor: UUID | None, reason: str, now: datetime) -> ProjectionRebuild:
    """Begin a rebuild beside the projection in use; one that is under way begins anew.

    Locks: the rebuild's row, its checkpoint. Raises NotRebuildable if the projection does not say which tables are its own.
    """
    if not projection.tables:
        raise NotRebuildable(projection=projection.name, because=list[object](["it names no tables"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'eventstore_event'::regclass")
        events = cursor.fetchone()[0]
    values = {"started_at": now, "started_by": actor, "reason": reason, "events_to_read": events, "swap_failures": 0}
    rebuild, _ = ProjectionRebuild.objects.update_or_create(projection=projection.name, defaults=values)
    # Waits for a batch in flight of the rebuild this one takes the place of.
    Checkpoint.objects.select_for_update(of=("self",)).filter(pk=checkpoint_name(projection.name)).first()
    shadow_tables.create(projection.name, projection.tables)
    Checkpoint(subscriber=checkpoint_name(projection.name), updated_at=now).save()
    return rebuild


@transaction.atomic
def abandon(*, projection: Projection) -> None:
    """Give a rebuild up; the projection in use stays. Locks: the rebuild's row. Raises NotRebuilding."""
    rebuild = ProjectionRebuild.objects.select_for_update(of=("self",)).filter(pk=projection.name).first()
    if rebuild is None:
        raise NotRebuilding(projection=projection.name)
    Checkpoint.objects.select_for_update(of=("self",)).filter(pk=checkpoint_name(projection.name)).first()
    shadow_tables.drop(projection.name)
    Checkpoint.objects.filter(pk=checkpoint_name(projection.name)).delete()
    rebuild.delete()


def continue_all(*, clock: Callable[[], datetime], seconds: float) -> dict[str, Outcome]:
    """Go on with every rebuild under way, batch by batch, for about so long; those that have caught up are swapped in."""
    deadline = time.monotonic() + seconds
    outcomes: dict[str, Outcome] = {}
    known = {projection.name: projection for projection in projections.registered()}
    names = list(ProjectionRebuild.objects.values_list("pk", flat=True))
    pending = [known[name] for name in names if name in known]
    while pending and time.monotonic() < deadline:
        for projection in pending:
            outcomes[projection.name] = advance(projection, clock=clock)
        pending = [projection for projection in pending if outcomes[projection.name] is Outcome.ADVANCED]
    return outcomes


def rebuild(
    projection: Projection, *, clock: Callable[[], datetime], progress: Callable[[int], None] = lambda handled: None
) -> Outcome:
    """A rebuild from its start to the swap, as far as nothing stops it; `progress` is told the events handled so far."""
    start(projection=projection, actor=None, reason="", now=clock())
    while True:
        outcome = advance(projection, clock=clock)
        name = checkpoint_name(projection.name)
        progress(Checkpoint.objects.filter(subscriber=name).values_list("handled", flat=True).first() or 0)
        if outcome in {Outcome.UP_TO_DATE, Outcome.FAILED}:
            return outcome
        if outcome is not Outcome.ADVANCED:
            time.sleep(_PAUSE_S)


def advance(projection: Projection, *, clock: Callable[[], datetime]) -> Outcome:
    """One batch of a rebuild, or the swap. Answers UP_TO_DATE once it is swapped in, WAITING if the swap must wait."""
    if not ProjectionRebuild.objects.filter(pk=projection.name).exists():
        return Outcome.UP_TO_DATE
    outcome = run_once(_subscription(projection), now=clock())
    if outcome is not Outcome.UP_TO_DATE:
        return outcome
    try:
        return Outcome.UP_TO_DATE if _swap(projection, now=clock()) else Outcome.WAITING
    except OperationalError:
        log.warning("The tables of %s are in use; their rebuild is swapped in later", projection.name)
        rebuild = ProjectionRebuild.objects.filter(pk=projection.name).first()
        if rebuild is not None:
            rebuild.swap_failures += 1
            rebuild.save(update_fields=["swap_failures"])
        return Outcome.WAITING


def _subscription(projection: Projection) -> Subscription:
    return Subscription(
        checkpoint_name(projection.name),
        _into_shadows(projection),
        types=projection.types,
        batch=projection.batch,
    )


def _into_shadows(projection: Projection) -> Handler:
    def handle(events: Sequence[RecordedEvent]) -> None:
        # Whoever swaps or abandons locks the row first and removes it; without shadows the name would mean the tables in use.
        if not shadow_tables.exist(projection.name):
            raise NotRebuilding(projection=projection.name)
        with shadow_tables.shadowing(projection.name):
            projection.handler(events)

    return handle


def _swap(projection: Projection, *, now: datetime) -> bool:
    """Put the rebuilt tables in place; False if they are not there yet, or somebody else was faster.

    Locks: the rebuild's row, both checkpoints, then the tables. Appends: ProjectionRebuilt.
    """
    Checkpoint.objects.bulk_create([Checkpoint(subscriber=projection.name)], ignore_conflicts=True)
    with transaction.atomic():
        rebuild = ProjectionRebuild.objects.select_for_update(of=("self",)).filter(pk=projection.name).first()
        if rebuild is None:
            return True
        shadow_tables.analyze(projection.name, projection.tables)
        names = [projection.name, checkpoint_name(projection.name)]
        held = {
            row.subscriber: row
            for row in Checkpoint.objects.select_for_update(of=("self",)).filter(pk__in=names).order_by("pk")
        }
        live, beside = held[projection.name], held[checkpoint_name(projection.name)]
        if not _catch_up(projection, beside, GlobalKey(live.transaction_id, live.position)):
            return False
        shadow_tables.swap(projection.name, projection.tables)
        live.transaction_id, live.position, live.handled = beside.transaction_id, beside.position, beside.handled
        live.failures, live.last_error, live.failed_at, live.retry_at = 0, "", None, None
        live.updated_at, live.busy_ms = now, beside.busy_ms
        live.save()
        _record(rebuild, handled=live.handled, now=now)
        beside.delete()
        rebuild.delete()
    return True


def _catch_up(projection: Projection, beside: Checkpoint, goal: GlobalKey) -> bool:
    """Read on to where the projection in use stands. Both checkpoints are locked; False if that is too far."""
    for _ in range(_WINDOWS_IN_SWAP):
        start = GlobalKey(beside.transaction_id, beside.position)
        if start >= goal:
            return True
        until, events = read_window(after=start, size=projection.batch, types=projection.types)
        if until == start:
            return False
        if events:
            _into_shadows(projection)(events)
        beside.transaction_id, beside.position = until.transaction_id, until.position
        beside.handled += len(events)
    beside.save(update_fields=["transaction_id", "position", "handled"])
    return False


def _record(rebuild: ProjectionRebuild, *, handled: int, now: datetime) -> None:
    actor = str(rebuild.started_by) if rebuild.started_by else None
    took_s = int((now - rebuild.started_at).total_seconds())
    event = NewEvent("ProjectionRebuilt", {"events": handled, "seconds": took_s}, now, metadata=metadata(actor=actor))
    append(stream=f"projection-{rebuild.projection}", expected_version=None, events=[event])

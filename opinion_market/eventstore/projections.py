"""Projections: tables computed from events alone, so that they can be thrown away and computed again.

Apps register theirs in `ready()`:

    projections.register(Projection("market_volumes", add_volumes, reset=MarketVolume.objects.all().delete))
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from opinion_market.eventstore import subscriptions
from opinion_market.eventstore.errors import UnknownProjection
from opinion_market.eventstore.models import Checkpoint
from opinion_market.eventstore.subscriptions import Handler, Outcome, Subscription


@dataclass(frozen=True, slots=True)
class Projection:
    """A subscription whose handler writes only tables that `reset` empties again.

    `tables`: all those that the handler writes. With them the projection can be rebuilt beside the one in use (see
    `rebuilds`); the handler must name them without a schema, as the ORM does. Without, it can only be rebuilt in place.
    """

    name: str
    handler: Handler
    reset: Callable[[], object]
    types: frozenset[str] | None = None
    batch: int = 1000
    tables: tuple[str, ...] = ()

    @property
    def subscription(self) -> Subscription:
        return Subscription(self.name, self.handler, types=self.types, batch=self.batch)


_registered: dict[str, Projection] = {}


def register(projection: Projection) -> None:
    """Have a projection kept up to date by the platform. Raises ValueError for a name that is taken."""
    subscriptions.register(projection.subscription)
    _registered[projection.name] = projection


def registered() -> list[Projection]:
    """All projections, by name."""
    return [_registered[name] for name in sorted(_registered)]


def named(name: str) -> Projection:
    """Raises UnknownProjection."""
    try:
        return _registered[name]
    except KeyError:
        raise UnknownProjection(name=name) from None


@transaction.atomic
def restart(projection: Projection, *, now: datetime) -> None:
    """Empty the projection and put its checkpoint before the first event; whoever runs subscriptions replays it.

    A projection that is paused stays so. Locks: the checkpoint, waiting for a batch in flight to end.
    """
    Checkpoint.objects.bulk_create([Checkpoint(subscriber=projection.name)], ignore_conflicts=True)
    before = Checkpoint.objects.select_for_update(of=("self",)).get(subscriber=projection.name)
    projection.reset()
    Checkpoint(subscriber=projection.name, updated_at=now, paused_at=before.paused_at).save()


def rebuild(
    projection: Projection, *, clock: Callable[[], datetime], progress: Callable[[int], None] = lambda handled: None
) -> Outcome:
    """Compute a projection again from nothing; `progress` is told the number of events handled so far.

    Not one transaction but one per batch: a long one would hold back every subscriber (see `read.HORIZON`). Meanwhile
    readers see the part replayed so far. Interrupted, or when another process takes over batches, the rest is replayed
    by whoever runs subscriptions. Ends with UP_TO_DATE, or FAILED when the handler raised.
    """
    restart(projection, now=clock())
    while True:
        outcome = run_once_waiting(projection.subscription, clock=clock)
        progress(Checkpoint.objects.values_list("handled", flat=True).get(subscriber=projection.name))
        if outcome in {Outcome.UP_TO_DATE, Outcome.FAILED, Outcome.WAITING, Outcome.PAUSED}:
            return outcome


def run_once_waiting(subscription: Subscription, *, clock: Callable[[], datetime]) -> Outcome:
    """Like `subscriptions.run_once`, but waits for another process's batch to end instead of answering BUSY."""
    while (outcome := subscriptions.run_once(subscription, now=clock())) is Outcome.BUSY:
        with transaction.atomic():
            Checkpoint.objects.select_for_update(of=("self",)).get(subscriber=subscription.name)
    return outcome

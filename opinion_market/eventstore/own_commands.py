"""The event store's own commands: repair what is computed from events. The events themselves have no command."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from opinion_market.eventstore import projections, subscriptions
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.commands import Answer, Command, CommandInput
from opinion_market.eventstore.models import Snapshot
from opinion_market.eventstore.verify import verify_events


class ProjectionName(CommandInput):
    projection: str


class SubscriptionName(CommandInput):
    subscription: str


class StreamName(CommandInput):
    stream: str


@transaction.atomic
def rebuild_projection(*, actor: AbstractBaseUser, input: ProjectionName, now: datetime) -> Answer:
    """Empty a projection and let the running subscriptions compute it again. Appends: ProjectionRebuildStarted."""
    projection = projections.named(input.projection)
    _record(stream=f"projection-{projection.name}", type="ProjectionRebuildStarted", actor=actor, data={}, now=now)
    projections.restart(projection, now=now)
    return Answer({"projection": projection.name}, status="accepted")


@transaction.atomic
def retry_subscription(*, actor: AbstractBaseUser, input: SubscriptionName, now: datetime) -> Answer:
    """End a failed subscription's pause. Appends: SubscriptionRetried."""
    subscriptions.retry_now(name=input.subscription)
    _record(stream=f"subscription-{input.subscription}", type="SubscriptionRetried", actor=actor, data={}, now=now)
    return Answer({"subscription": input.subscription})


@transaction.atomic
def discard_snapshots(*, actor: AbstractBaseUser, input: StreamName, now: datetime) -> Answer:
    """Delete a stream's snapshots, so that it is next replayed from its first event. Appends: SnapshotsDiscarded."""
    versions = sorted(Snapshot.objects.filter(stream=input.stream).values_list("version", flat=True))
    if versions:
        Snapshot.objects.filter(stream=input.stream, version__in=versions).delete()
        data = {"stream": input.stream, "versions": versions}
        _record(stream="snapshots", type="SnapshotsDiscarded", actor=actor, data=data, now=now)
    return Answer({"stream": input.stream, "versions": versions})


def verify_stream(*, actor: AbstractBaseUser, input: StreamName, now: datetime) -> Answer:
    """Recompute a stream's hash chain. Appends nothing."""
    found = verify_events(stream=input.stream)
    breaks = [
        {"kind": each.kind.value, "version": each.version, "position": each.position, "explanation": each.explanation}
        for each in found.first.values()
    ]
    return Answer({"stream": input.stream, "events": found.events, "intact": found.intact, "first_breaks": breaks})


def _record(*, stream: str, type: str, actor: AbstractBaseUser, data: Mapping[str, object], now: datetime) -> None:
    event = NewEvent(type=type, data=data, at=now, metadata=metadata(actor=str(actor.pk)))
    append(stream=stream, expected_version=None, events=[event])


OWN_COMMANDS: tuple[Command[ProjectionName] | Command[SubscriptionName] | Command[StreamName], ...] = (
    Command(
        "rebuild_projection",
        ProjectionName,
        rebuild_projection,
        "system.admin",
        "Empty a projection and compute it again from all events.",
        platform_wide=True,
    ),
    Command(
        "retry_subscription",
        SubscriptionName,
        retry_subscription,
        "system.admin",
        "Try a failed subscription again at once.",
        platform_wide=True,
    ),
    Command(
        "discard_snapshots",
        StreamName,
        discard_snapshots,
        "system.admin",
        "Forget a stream's snapshots; it is replayed from its first event.",
        platform_wide=True,
    ),
    Command(
        "verify_stream",
        StreamName,
        verify_stream,
        "system.audit",
        "Recompute a stream's hash chain and name the first broken links.",
        platform_wide=True,
    ),
)

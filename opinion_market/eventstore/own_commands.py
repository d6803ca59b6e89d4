"""The event store's own commands: repair what is computed from events. The events themselves have no command."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from pydantic import Field

from opinion_market.eventstore import processes, projections, rebuilds, snapshot_policies, subscriptions
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.commands import Answer, Command, CommandInput
from opinion_market.eventstore.models import Snapshot
from opinion_market.eventstore.verify import verify_events


class RebuildInput(CommandInput):
    projection: str
    in_place: Annotated[
        bool, Field(description="Empty the one in use first; otherwise it is read until the new one takes its place.")
    ] = False
    reason: Annotated[str, Field(max_length=200)] = ""


class ProjectionName(CommandInput):
    projection: str


class SubscriptionName(CommandInput):
    subscription: str


class PauseInput(CommandInput):
    subscription: str
    reason: Annotated[str, Field(max_length=200)] = ""


class ProcessId(CommandInput):
    process: UUID


class PolicyInput(CommandInput):
    kind: str
    every_events: int
    max_age_s: int | None = None
    kept: int = 2
    reason: Annotated[str, Field(max_length=200)] = ""


class StreamName(CommandInput):
    stream: str


@transaction.atomic
def rebuild_projection(*, actor: AbstractBaseUser, input: RebuildInput, now: datetime) -> Answer:
    """Compute a projection again: beside the one in use if it names its tables, in place otherwise or if that is wanted.

    Raises UnknownProjection. Appends: ProjectionRebuildStarted.
    """
    projection = projections.named(input.projection)
    is_beside = bool(projection.tables) and not input.in_place
    data = {"beside": is_beside, "reason": input.reason}
    _record(stream=f"projection-{projection.name}", type="ProjectionRebuildStarted", actor=actor, data=data, now=now)
    if is_beside:
        rebuilds.start(projection=projection, actor=actor.pk, reason=input.reason, now=now)
    else:
        projections.restart(projection, now=now)
    return Answer({"projection": projection.name}, status="accepted")


@transaction.atomic
def abandon_rebuild(*, actor: AbstractBaseUser, input: ProjectionName, now: datetime) -> Answer:
    """Give up a rebuild that is under way beside. Raises UnknownProjection, NotRebuilding."""
    rebuilds.abandon(projection=projections.named(input.projection))
    _record(stream=f"projection-{input.projection}", type="ProjectionRebuildAbandoned", actor=actor, data={}, now=now)
    return Answer({"projection": input.projection})


@transaction.atomic
def pause_subscription(*, actor: AbstractBaseUser, input: PauseInput, now: datetime) -> Answer:
    """Stop a subscription or projection where it stands. Appends: SubscriptionPaused."""
    subscriptions.pause(name=input.subscription, now=now)
    data = {"reason": input.reason}
    _record(stream=f"subscription-{input.subscription}", type="SubscriptionPaused", actor=actor, data=data, now=now)
    return Answer({"subscription": input.subscription})


@transaction.atomic
def resume_subscription(*, actor: AbstractBaseUser, input: PauseInput, now: datetime) -> Answer:
    """Let a paused subscription or projection go on. Appends: SubscriptionResumed."""
    subscriptions.resume(name=input.subscription)
    data = {"reason": input.reason}
    _record(stream=f"subscription-{input.subscription}", type="SubscriptionResumed", actor=actor, data=data, now=now)
    return Answer({"subscription": input.subscription})


@transaction.atomic
def retry_subscription(*, actor: AbstractBaseUser, input: SubscriptionName, now: datetime) -> Answer:
    """End a failed subscription's pause. Appends: SubscriptionRetried."""
    subscriptions.retry_now(name=input.subscription)
    _record(stream=f"subscription-{input.subscription}", type="SubscriptionRetried", actor=actor, data={}, now=now)
    return Answer({"subscription": input.subscription})


@transaction.atomic
def retry_process(*, actor: AbstractBaseUser, input: ProcessId, now: datetime) -> Answer:
    """Go on with a process that is stuck, in the actor's name. Raises ProcessNotFound, ProcessNotStuck."""
    process = processes.retry(actor=actor, process_id=input.process, now=now)
    return Answer({"process": str(process.pk)}, status="accepted")


def set_snapshot_policy(*, actor: AbstractBaseUser, input: PolicyInput, now: datetime) -> Answer:
    """Decide how often a kind of streams is snapshotted. Raises InvalidPolicy. Appends: SnapshotPolicyChanged."""
    policy = snapshot_policies.decide(actor=actor, now=now, **input.model_dump())
    return Answer({"kind": policy.kind})


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


OWN_COMMANDS: tuple[Command[Any], ...] = (
    Command(
        "rebuild_projection",
        RebuildInput,
        rebuild_projection,
        "system.admin",
        "Compute a projection again from all events, while the one in use is still read.",
        platform_wide=True,
    ),
    Command(
        "abandon_rebuild",
        ProjectionName,
        abandon_rebuild,
        "system.admin",
        "Give up a rebuild; the projection in use stays.",
        platform_wide=True,
    ),
    Command(
        "pause_subscription",
        PauseInput,
        pause_subscription,
        "system.admin",
        "Stop a subscription or projection where it stands.",
        platform_wide=True,
    ),
    Command(
        "resume_subscription",
        PauseInput,
        resume_subscription,
        "system.admin",
        "Let a paused subscription or projection go on.",
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
        "retry_process",
        ProcessId,
        retry_process,
        "system.admin",
        "Go on with a process that is stuck, in your name.",
        platform_wide=True,
    ),
    Command(
        "set_snapshot_policy",
        PolicyInput,
        set_snapshot_policy,
        "system.config",
        "Decide how often a kind of streams is snapshotted, and how many snapshots are kept.",
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

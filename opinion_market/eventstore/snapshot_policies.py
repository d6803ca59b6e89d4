"""How often streams are snapshotted, per kind: staff decide, and whoever appends asks without a query each time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from opinion_market.eventstore import aggregates
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.errors import InvalidPolicy
from opinion_market.eventstore.models import SnapshotPolicy
from opinion_market.eventstore.snapshots import KEPT

DEFAULT_EVERY = 5_000
# The least a policy may say, so that a caller need not ask before so many events have come.
LEAST_EVENTS = 1_000
# A decision acts on every process after this; until then each goes by what it read last.
_REMEMBERED_S = 10.0


@dataclass(frozen=True, slots=True)
class Policy:
    """A snapshot every so many events, and of a stream that moved when its newest is older than `max_age_s` (None: never)."""

    every_events: int = DEFAULT_EVERY
    max_age_s: int | None = None
    kept: int = KEPT


DEFAULT = Policy()


class _Memory:
    """The policies as this process read them last."""

    def __init__(self) -> None:
        self.policies: dict[str, Policy] = {}
        self.good_until_s = 0.0

    def read(self) -> dict[str, Policy]:
        now_s = time.monotonic()
        if now_s >= self.good_until_s:
            self.policies = policies()
            self.good_until_s = now_s + _REMEMBERED_S
        return self.policies

    def forget(self) -> None:
        self.good_until_s = 0.0


_memory = _Memory()


def policies() -> dict[str, Policy]:
    """What has been decided, by kind; other kinds go by DEFAULT. One query."""
    rows = SnapshotPolicy.objects.values_list("kind", "every_events", "max_age_s", "kept")
    return {kind: Policy(every, age, kept) for kind, every, age, kept in rows}


def policy_for(kind: str) -> Policy:
    """The kind's policy, at most ten seconds old. One query then, none in between."""
    return _memory.read().get(kind, DEFAULT)


@transaction.atomic
def decide(
    *,
    actor: AbstractBaseUser,
    kind: str,
    every_events: int,
    max_age_s: int | None,
    kept: int,
    reason: str,
    now: datetime,
) -> SnapshotPolicy:
    """Set a kind's policy. Raises InvalidPolicy. Appends: SnapshotPolicyChanged."""
    known = [each.kind for each in aggregates.registered() if each.snapshot is not None]
    if kind not in known:
        raise InvalidPolicy(f"Streams of the kind {kind!r} are not snapshotted.", known=list[object](known))
    policy = SnapshotPolicy(
        kind=kind, every_events=every_events, max_age_s=max_age_s, kept=kept, updated_at=now, updated_by=actor.pk
    )
    try:
        policy.clean_fields()
    except ValidationError as error:
        raise InvalidPolicy("; ".join(f"{field}: {' '.join(m)}" for field, m in error.message_dict.items())) from None
    policy.save()
    data = {"kind": kind, "every_events": every_events, "max_age_s": max_age_s, "kept": kept, "reason": reason}
    event = NewEvent("SnapshotPolicyChanged", data, now, metadata=metadata(actor=str(actor.pk)))
    append(stream="snapshots", expected_version=None, events=[event])
    transaction.on_commit(_memory.forget)
    return policy


def take_due(*, now: datetime, clock: Callable[[], datetime], seconds: float, most: int = 200) -> int:
    """Snapshot streams that moved and whose newest snapshot is older than their kind allows, for about so long; how many."""
    deadline, taken = time.monotonic() + seconds, 0
    decided = policies()
    for kind in aggregates.registered():
        age_s = decided.get(kind.kind, DEFAULT).max_age_s
        if kind.snapshot is None or age_s is None:
            continue
        for stream in _due(kind.kind, before=now - timedelta(seconds=age_s), most=most):
            if time.monotonic() >= deadline:
                return taken
            taken += kind.snapshot(stream, clock())
    return taken


def _due(kind: str, *, before: datetime, most: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.stream FROM eventstore_streamsummary s LEFT JOIN LATERAL ("
            "SELECT version, taken_at FROM eventstore_snapshot n WHERE n.stream = s.stream ORDER BY version DESC LIMIT 1"
            ") newest ON true WHERE s.kind = %s AND s.version > coalesce(newest.version, 0) "
            "AND coalesce(newest.taken_at, s.first_recorded_at) < %s ORDER BY s.stream LIMIT %s",
            [kind, before, most],
        )
        return [row[0] for row in cursor.fetchall()]

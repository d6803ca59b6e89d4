"""Every change of the data plane: rows, the resources rendered from them, and a snapshot, in one transaction.

Changes take one advisory lock, so that two are rendered one after the other and the newest snapshot holds all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import ProtectedError, RestrictedError

from governance.identity.models import User
from mesh.dataplane import configuration, desired, documents, validation
from mesh.dataplane.errors import AlreadyLive, CannotRestore, SnapshotNotFound
from mesh.dataplane.models import ConfigSnapshot
from mesh.dataplane.rendering.whole import render
from mesh.operators import require_operator

# Any fixed number: "mesh" in ASCII.
_LOCK = 0x6D657368
CHANNEL = "mesh_configuration"
# What is kept for comparing and rolling back; instances come and go more often than people change anything.
KEPT = 200

Cause = ConfigSnapshot.Cause


@contextmanager
def changing(
    *,
    actor: User | None,
    reason: str,
    now: datetime,
    cause: Cause = Cause.CHANGE,
    restores: ConfigSnapshot | None = None,
) -> Iterator[None]:
    """Change rows inside; what they come to is checked by Envoy and published, or nothing is changed.

    Whoever calls has asked whether the actor may; `actor` None is the platform itself. Raises ConfigurationRefused with
    Envoy's own words.
    """
    with transaction.atomic():
        _lock()
        yield
        _propose(actor=actor, reason=reason, now=now, cause=cause, restores=restores)


@contextmanager
def lifting_faults(*, actor: User | None, reason: str, now: datetime) -> Iterator[None]:
    """The same for the end of an experiment, at once: Envoy has run without its faults before, and is not asked."""
    with transaction.atomic():
        _lock()
        yield
        _propose(actor=actor, reason=reason, now=now, cause=Cause.EXPERIMENT, restores=None, is_checked=False)


def follow_instances(*, now: datetime) -> ConfigSnapshot | None:
    """Publish what instances, leases and experiments' ends have changed; None if nothing has.

    Nothing here can be refused, so Envoy is not asked beforehand: addresses are checked when they are registered.
    """
    with transaction.atomic():
        _lock()
        return _propose(actor=None, reason="", now=now, cause=Cause.INSTANCES, restores=None, is_checked=False)


def roll_back(*, actor: User, snapshot_id: int, reason: str, now: datetime) -> ConfigSnapshot:
    """Make the wishes what they were at a snapshot, with today's instances.

    Raises PermissionMissing, SnapshotNotFound, AlreadyLive, CannotRestore, ConfigurationRefused.
    """
    require_operator(actor)
    earlier = ConfigSnapshot.objects.filter(pk=snapshot_id).first()
    if earlier is None:
        raise SnapshotNotFound(snapshot=snapshot_id)
    try:
        with changing(actor=actor, reason=reason, now=now, cause=Cause.ROLLBACK, restores=earlier):
            if configuration.dump() == earlier.rows:
                raise AlreadyLive(snapshot=snapshot_id)
            configuration.restore(earlier.rows)
    except (ProtectedError, RestrictedError) as error:
        raise CannotRestore(str(error.args[0])) from None
    return ConfigSnapshot.objects.latest("pk")


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _propose(
    *,
    actor: User | None,
    reason: str,
    now: datetime,
    cause: Cause,
    restores: ConfigSnapshot | None,
    is_checked: bool = True,
) -> ConfigSnapshot | None:
    resources = render(desired.read(now=now))
    dumped = documents.dumped(resources)
    digest = documents.digest(resources)
    newest = ConfigSnapshot.objects.order_by("-pk").values_list("digest", flat=True).first()
    if newest == digest:
        return None
    if is_checked:
        validation.check(resources)
    snapshot = ConfigSnapshot.objects.create(
        cause=cause,
        reason=reason,
        made_by=actor,
        made_at=now,
        digest=digest,
        resources=dumped.decode(),
        rows=configuration.dump(),
        restores=restores,
    )
    ConfigSnapshot.objects.filter(pk__lte=snapshot.pk - KEPT, nodes=None).delete()
    with connection.cursor() as cursor:
        # Heard by the nodes once this is committed.
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(snapshot.pk)])
    return snapshot

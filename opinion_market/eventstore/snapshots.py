"""Snapshots: the state of a stream at a version, so that a replay starts there. A cache that is never trusted blindly."""

import hashlib
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from opinion_market.eventstore.hashing import canonical_json
from opinion_market.eventstore.models import Snapshot

log = logging.getLogger(__name__)

KEPT = 2


@dataclass(frozen=True, slots=True)
class LoadedSnapshot:
    """A state that may be continued with the events after `version`."""

    version: int
    state: dict[str, Any]


def _digest(stream: str, version: int, schema_version: int, packed: bytes) -> bytes:
    return hashlib.sha256(f"{stream}\n{version}\n{schema_version}\n".encode() + packed).digest()


@transaction.atomic
def save_snapshot(
    *,
    stream: str,
    version: int,
    state: Mapping[str, object],
    at: datetime,
    schema_version: int = 1,
    keep: int = KEPT,
) -> None:
    """Keep the state after `version` and drop all but the last `keep`. Saving the same version again replaces it."""
    # Level 1: on the exchange's states it packs nearly as well as 6 in a third of the time.
    packed = zlib.compress(canonical_json(state), level=1)
    Snapshot.objects.update_or_create(
        stream=stream,
        version=version,
        defaults={
            "schema_version": schema_version,
            "state": packed,
            "state_hash": _digest(stream, version, schema_version, packed),
            "taken_at": at,
        },
    )
    kept = Snapshot.objects.filter(stream=stream).order_by("-version").values("pk")[:keep]
    Snapshot.objects.filter(stream=stream).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def load_snapshot(stream: str, *, schema_version: int = 1, until: int | None = None) -> LoadedSnapshot | None:
    """The newest snapshot (not beyond version `until`) that is whole, has this schema version and whose last event the
    stream really has.

    Others are logged and passed over; None means: replay from the first event.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.version, s.schema_version, s.state, s.state_hash, EXISTS (SELECT FROM eventstore_event e "
            "WHERE e.stream = s.stream AND e.version = s.version) "
            "FROM eventstore_snapshot s WHERE s.stream = %s AND s.version <= coalesce(%s, s.version) "
            "ORDER BY s.version DESC",
            [stream, until],
        )
        rows = cursor.fetchall()
    for version, recorded_schema_version, packed, digest, event_exists in rows:
        if recorded_schema_version != schema_version:
            log.info("Snapshot of %s at %s has schema version %s, ignored", stream, version, recorded_schema_version)
        elif not event_exists:
            log.error("Snapshot of %s at %s is ahead of its stream, ignored", stream, version)
        elif bytes(digest) != _digest(stream, version, schema_version, bytes(packed)):
            log.error("Snapshot of %s at %s is corrupted, ignored", stream, version)
        else:
            return LoadedSnapshot(version, orjson.loads(zlib.decompress(packed)))
    return None

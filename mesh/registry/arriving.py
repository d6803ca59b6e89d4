"""Instances on their way into the registry: checked one by one, then written by one COPY and one INSERT."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import orjson
from django.db import connection

from mesh.registry.addresses import canonical_address
from mesh.registry.errors import AddressRefused, InvalidInstance
from opinion_market.kernel.bulk import NULL, copy_lines, escape

MOST_AT_ONCE = 10_000
LONGEST_METADATA_BYTES = 2_000
LONGEST_LEASE_S = 86_400
HEAVIEST = 128

_VERSION = re.compile(r"\A[a-z0-9][a-z0-9._-]{0,39}\Z")
_NODE = re.compile(r"\A[\x21-\x7e]{0,120}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """An instance that wants to be called. `lease_s`: how long it stays without a heartbeat; None: until it is taken out."""

    service: str
    address: str
    port: int
    weight: int = 1
    version: str = "v1"
    metadata: Mapping[str, str] = field(default_factory=dict)
    lease_s: int | None = None
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """How many came, and how many of those that came were there already; their ids, in the order in which they were given."""

    new: int
    renewed: int
    ids: Sequence[str]


_CREATE = """
CREATE TEMPORARY TABLE arriving (
    place int, service_id uuid, address inet, port int, weight smallint, version text, metadata jsonb, lease_s int,
    lease_until timestamptz, node text
) ON COMMIT DROP
"""
_COLUMNS = (
    "place", "service_id", "address", "port", "weight", "version", "metadata", "lease_s", "lease_until", "node",
)  # fmt: skip

# In one order, so that of two who register the same instances one waits for the other, and not each for the other. An
# instance that drains goes on draining: only a person ends that. The health found stays, for it is of the same address.
_INSERT = """
WITH written AS (
    INSERT INTO mesh_instance AS held (
        id, service_id, address, port, socket, node, weight, version, metadata, state, lease_s, lease_until, health,
        registered_at
    )
    SELECT uuidv7(), service_id, address, port, '', node, weight, version, metadata, 'up', lease_s, lease_until, 'unknown',
        %s
    FROM arriving ORDER BY service_id, address, port
    ON CONFLICT (service_id, address, port) DO UPDATE SET
        weight = excluded.weight, version = excluded.version, metadata = excluded.metadata, node = excluded.node,
        lease_s = excluded.lease_s, lease_until = excluded.lease_until
    RETURNING new.id, new.service_id, new.address, new.port, old.id IS NULL AS is_new
)
SELECT count(*) FILTER (WHERE is_new), array_agg(written.id::text ORDER BY place)
FROM written JOIN arriving USING (service_id, address, port)
"""


def write(rows: Sequence[str], *, now: datetime) -> Registered:
    """Insert the lines made by `lines`, or renew what is there, in the current transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        copy_lines("arriving", _COLUMNS, rows)
        cursor.execute(_INSERT, [now])
        new, ids = cursor.fetchone()
        # It may be needed again before the transaction ends.
        cursor.execute("DROP TABLE arriving")
    return Registered(new=new, renewed=len(rows) - new, ids=ids)


def lines(arriving: Sequence[NewInstance], service_ids: Mapping[str, str], *, now: datetime) -> list[str]:
    """COPY's lines. Raises InvalidInstance and AddressRefused, whose `data.index` tells which of several it is.

    `service_ids`: the id of each service named, as text.
    """

    @cache
    def lease(seconds: int | None) -> str:
        return f"{NULL}\t{NULL}" if seconds is None else f"{seconds}\t{now + timedelta(seconds=seconds)}"

    seen: set[tuple[str, str, int]] = set()
    made = []
    for index, each in enumerate(arriving):
        try:
            address, metadata = checked(each)
        except (AddressRefused, InvalidInstance) as refused:
            raise type(refused)(refused.message, **refused.data, index=index) from None
        key = (each.service, address, each.port)
        if key in seen:
            raise InvalidInstance("It is named twice.", index=index, fields={"address": ["It is named twice."]})
        seen.add(key)
        made.append(
            f"{index}\t{service_ids[each.service]}\t{address}\t{each.port}\t{each.weight}\t{each.version}\t{metadata}\t"
            f"{lease(each.lease_s)}\t{escape(each.node)}"
        )
    return made


def checked(instance: NewInstance) -> tuple[str, str]:
    """The canonical address, and the metadata as a cell of COPY. Raises InvalidInstance, AddressRefused."""
    metadata = _metadata(instance.metadata)
    lease_s = instance.lease_s
    if not (
        0 < instance.port < 65_536
        and 0 < instance.weight <= HEAVIEST
        and (lease_s is None or 0 < lease_s <= LONGEST_LEASE_S)
        and _VERSION.match(instance.version)
        and _NODE.match(instance.node)
    ):
        name, message = next(_faults(instance))
        raise InvalidInstance(f"{name}: {message}", fields={name: [message]})
    return canonical_address(instance.address), metadata


def _metadata(given: Mapping[str, str]) -> str:
    if not given:
        return "{}"
    text = orjson.dumps(given)
    # PostgreSQL's jsonb cannot hold a NUL character, which JSON writes like this.
    if len(text) > LONGEST_METADATA_BYTES or b"\\u0000" in text:
        message = f"At most {LONGEST_METADATA_BYTES:,} bytes of JSON, without NUL characters."
        raise InvalidInstance(f"metadata: {message}", fields={"metadata": [message]})
    return escape(text.decode())


def _faults(instance: NewInstance) -> Iterator[tuple[str, str]]:
    if not 0 < instance.port < 65_536:
        yield "port", "From 1 to 65,535."
    if not 0 < instance.weight <= HEAVIEST:
        yield "weight", f"From 1 to {HEAVIEST}."
    if instance.lease_s is not None and not 0 < instance.lease_s <= LONGEST_LEASE_S:
        yield "lease_s", f"From 1 to {LONGEST_LEASE_S:,} seconds."
    if not _VERSION.match(instance.version):
        yield "version", "Lower-case letters, digits, dots and hyphens, at most 40."
    if not _NODE.match(instance.node):
        yield "node", "At most 120 printable characters without spaces."

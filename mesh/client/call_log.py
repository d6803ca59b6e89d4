"""The mesh's access log as rows of `ServiceCall`."""

from collections.abc import Sequence
from typing import Any

import orjson

from mesh.client.models import ServiceCall
from opinion_market.kernel.bulk import copy_rows

_COLUMNS = (
    *("trace_id", "caller", "mesh", "service", "instance", "method", "path", "status", "flags", "attempts"),
    *("duration_us", "node", "at"),
)


def record(lines: Sequence[str], *, node: str) -> int:
    """COPY the lines (`mesh.dataplane.rendering.access_log.FIELDS`) into the table, in the caller's transaction.

    A line that is no JSON object (Envoy was killed while writing it) is left out. Returns how many were stored.
    """
    rows = [_row(parsed, node) for line in lines if (parsed := _parsed(line)) is not None]
    copy_rows(ServiceCall._meta.db_table, _COLUMNS, rows)
    return len(rows)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and "at" in found else None


def _row(line: dict[str, Any], node: str) -> tuple[str | int, ...]:
    mesh, service = _called(str(line.get("cluster") or ""), str(line.get("host") or ""))
    return (
        _text(line, "trace", 64),
        _text(line, "caller", 63),
        mesh,
        service,
        _text(line, "instance", 160),
        _text(line, "method", 16),
        _text(line, "path", 500),
        int(line.get("status") or 0),
        "" if line.get("flags") == "-" else _text(line, "flags", 60),
        max(int(line.get("attempts") or 0), 0),
        max(int(line.get("us") or 0), 0),
        node,
        str(line["at"]),
    )


def _called(cluster: str, host: str) -> tuple[str, str]:
    """Mesh and service: of the cluster `mesh/service@version`, or as the caller named them."""
    if cluster:
        mesh, _, service = cluster.partition("@")[0].partition("/")
    else:
        service, _, mesh = host.partition(":")[0].partition(".")
    return mesh[:40], service[:63]


def _text(line: dict[str, Any], name: str, length: int) -> str:
    # PostgreSQL's text holds no NUL.
    return str(line.get(name) or "").replace("\0", "")[:length]

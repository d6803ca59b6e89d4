"""The request log: written from Envoy's access log by COPY, kept for some days, read by filters and as figures per route."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from governance.access.policies import Caller
from mesh.gateway.models import RequestLog
from mesh.gateway.selectors import current_settings
from mesh.operators import require_operator
from opinion_market.kernel.bulk import Cell, copy_rows

_TABLE = "mesh_requestlog"
_COLUMNS = (
    "trace_id", "route", "method", "path", "status", "flags", "details", "duration_us", "upstream_us", "attempts",
    "service", "instance", "bytes_received", "bytes_sent", '"user"', "key", "organization", "limited_by", "weight",
    "node", "at",
)  # fmt: skip
_WHOLE = 1_000
_CACHE = "gateway/cache/"


def record(lines: Iterable[str], *, node: str) -> int:
    """COPY lines of the access log into the table; returns how many were rows. What is no such line is left out.

    A line logged only because its turn came stands for as many requests as the share says (`weight`, in thousandths).
    """
    rows = [row for line in lines if (row := _row(line, node)) is not None]
    copy_rows(_TABLE, _COLUMNS, rows)
    return len(rows)


def _row(line: str, node: str) -> tuple[Cell, ...] | None:
    try:
        seen = json.loads(line)
        at = datetime.fromisoformat(seen["time"])
        status, duration_us = int(seen["status"]), int(seen["duration_us"])
    except (ValueError, KeyError, TypeError):
        # The last line of a file that is being written, or of a process that was killed.
        return None
    flags = _text(seen, "flags", 60)
    upstream_us = seen.get("upstream_us")
    return (
        _text(seen, "trace_id", 64), _text(seen, "route", 63), _text(seen, "method", 16), _text(seen, "path", 500),
        status, "" if flags == "-" else flags, _text(seen, "details", 120), duration_us,
        int(upstream_us) if upstream_us is not None else None, int(seen.get("attempts") or 0),
        _service(seen), _text(seen, "instance", 160), int(seen.get("bytes_received") or 0),
        int(seen.get("bytes_sent") or 0), _text(seen, "user", 64), _text(seen, "key", 64),
        _text(seen, "organization", 64), _text(seen, "limited_by", 6), _weight(seen, status, duration_us), node, at,
    )  # fmt: skip


def _text(seen: Mapping[str, object], name: str, longest: int) -> str:
    # A NUL is refused by PostgreSQL, and no header that Envoy passes on holds one.
    return str(seen.get(name) or "").replace("\0", "")[:longest]


def _service(seen: Mapping[str, object]) -> str:
    service = _text(seen, "service", 120)
    return "" if service.startswith(_CACHE) else service


def _weight(seen: Mapping[str, object], status: int, duration_us: int) -> int:
    share_ppm, slow_ms = int(str(seen.get("share_ppm") or 1_000_000)), int(str(seen.get("slow_ms") or 0))
    is_kept_anyway = status >= 500 or duration_us >= slow_ms * 1_000
    return _WHOLE if is_kept_anyway or share_ppm == 0 else round(_WHOLE * 1_000_000 / share_ppm)


def purge(*, now: datetime) -> int:
    """Forget rows older than the settings say; returns how many. Bounded, so that one round never holds the table long."""
    oldest = now - timedelta(days=current_settings().log_retention_days)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {_TABLE} WHERE id IN (SELECT id FROM {_TABLE} WHERE at < %s ORDER BY at LIMIT 100000)",  # noqa: S608 - a name of ours
            [oldest],
        )
        return int(cursor.rowcount)


def requests(caller: Caller) -> QuerySet[RequestLog]:
    """All logged requests. Raises PermissionMissing."""
    require_operator(caller)
    return RequestLog.objects.all()


def by_trace(caller: Caller, trace_id: str) -> RequestLog | None:
    """The request with this trace id, once its line has been read. Raises PermissionMissing."""
    return requests(caller).filter(trace_id=trace_id).first()


@dataclass(frozen=True, slots=True)
class RouteFigures:
    """What a route did in a span of time, estimated from what was logged: rates are exact where all is logged.

    `requests`, `failures` (5xx), `limited` (429 of ours) and `refused` (401, 403) are rounded; times are microseconds.
    """

    route: str
    requests: int
    failures: int
    limited: int
    refused: int
    cached: int
    p50_us: int
    p95_us: int
    p99_us: int
    bytes_sent: int


# A request counts as often as its row's weight says, also in the percentiles: else the slow ones, which are all logged, would
# push the few ordinary ones aside.
_FIGURES = """
WITH seen AS (
  SELECT route, status, duration_us, weight, limited_by, details, bytes_sent,
         sum(weight) OVER (PARTITION BY route ORDER BY duration_us, id) AS upto,
         sum(weight) OVER (PARTITION BY route) AS total
  FROM mesh_requestlog WHERE at >= %s AND at < %s
)
SELECT route, round(sum(weight) / 1000.0)::bigint,
       round(coalesce(sum(weight) FILTER (WHERE status >= 500), 0) / 1000.0)::bigint,
       round(coalesce(sum(weight) FILTER (WHERE limited_by <> ''), 0) / 1000.0)::bigint,
       round(coalesce(sum(weight) FILTER (WHERE status IN (401, 403)), 0) / 1000.0)::bigint,
       round(coalesce(sum(weight) FILTER (WHERE details LIKE 'cache.response%%'), 0) / 1000.0)::bigint,
       min(duration_us) FILTER (WHERE upto >= 0.50 * total), min(duration_us) FILTER (WHERE upto >= 0.95 * total),
       min(duration_us) FILTER (WHERE upto >= 0.99 * total), round(sum(bytes_sent * weight / 1000.0))::bigint
FROM seen GROUP BY route ORDER BY 2 DESC, 1
"""


def figures(caller: Caller, *, since: datetime, until: datetime) -> list[RouteFigures]:
    """Per route, the busiest first; half-open span. One statement. Raises PermissionMissing."""
    require_operator(caller)
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, [since, until])
        return [RouteFigures(*row) for row in cursor.fetchall()]


_PER_BUCKET = """
SELECT bucket.at, coalesce(round(sum(log.weight) / 1000.0), 0)::bigint,
       coalesce(round(sum(log.weight) FILTER (WHERE log.status >= 500) / 1000.0), 0)::bigint
FROM generate_series(%s::timestamptz, %s::timestamptz - %s::interval, %s::interval) AS bucket(at)
LEFT JOIN mesh_requestlog log ON log.at >= bucket.at AND log.at < bucket.at + %s::interval
GROUP BY bucket.at ORDER BY bucket.at
"""


def course(caller: Caller, *, since: datetime, until: datetime, step: timedelta) -> list[tuple[datetime, int, int]]:
    """Requests and failures per step of time, empty steps included. One statement. Raises PermissionMissing."""
    require_operator(caller)
    with connection.cursor() as cursor:
        cursor.execute(_PER_BUCKET, [since, until, *[f"{step.total_seconds()} seconds"] * 3])
        return [(at, count, failed) for at, count, failed in cursor.fetchall()]


def limited(caller: Caller, *, since: datetime) -> dict[tuple[str, str], int]:
    """Refusals by limits, estimated, by route and unit of time. Raises PermissionMissing."""
    require_operator(caller)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT route, limited_by, round(sum(weight) / 1000.0)::bigint FROM mesh_requestlog "
            "WHERE at >= %s AND limited_by <> '' GROUP BY 1, 2",
            [since],
        )
        return {(route, unit): count for route, unit, count in cursor.fetchall()}


def user_ids(rows: Iterable[RequestLog]) -> Iterator[UUID]:
    """The users whose identity was proved on these rows."""
    for row in rows:
        try:
            yield UUID(row.user)
        except ValueError:
            continue

"""What calls through the mesh tell: rates, errors and durations per service, per pair of services and per minute.

An error is an answer of 500 or more, Envoy's own 503 and 504 among them. Durations are microseconds from the first byte of
the request to the last of the answer, all tries together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from governance.access.policies import Caller
from mesh.client.models import ServiceCall
from mesh.operators import require_operator

LONGEST_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls within a window of `seconds`."""

    calls: int
    errors: int
    p50_us: int
    p95_us: int
    seconds: float

    @property
    def per_s(self) -> float:
        return self.calls / self.seconds if self.seconds else 0.0

    @property
    def error_share(self) -> float:
        """From 0 to 1."""
        return self.errors / self.calls if self.calls else 0.0


NONE = Traffic(0, 0, 0, 0, 0.0)

_FIGURES = """
    count(*), count(*) FILTER (WHERE status >= 500),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_us), percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_us)
"""


def calls(caller: Caller, *, filters: Mapping[str, object]) -> QuerySet[ServiceCall]:
    """Calls that fit the filters (the model's lookups), the latest first."""
    require_operator(caller)
    return ServiceCall.objects.filter(**filters).order_by("-at", "-id")


def in_all(caller: Caller, *, since: datetime, until: datetime) -> Traffic:
    """All calls from `since` on and before `until`."""
    return _grouped(caller, (), since, until).get((), NONE)


def per_service(caller: Caller, *, since: datetime, until: datetime) -> dict[tuple[str, ...], Traffic]:
    """By (mesh, service)."""
    return _grouped(caller, ("mesh", "service"), since, until)


def between_services(caller: Caller, *, since: datetime, until: datetime) -> dict[tuple[str, ...], Traffic]:
    """By (mesh, caller, called), for callers that name themselves."""
    found = _grouped(caller, ("mesh", "caller", "service"), since, until)
    return {key: traffic for key, traffic in found.items() if key[1]}


def per_minute(caller: Caller, *, until: datetime, minutes: int) -> list[tuple[datetime, int, int]]:
    """(minute, calls, errors) of the last whole minutes and the running one, without gaps, the oldest first."""
    require_operator(caller)
    last = until.replace(second=0, microsecond=0)
    first = last - timedelta(minutes=minutes - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('minute', at), count(*), count(*) FILTER (WHERE status >= 500) FROM mesh_servicecall "
            "WHERE at >= %s AND at < %s GROUP BY 1",
            [first, until],
        )
        found = {minute: (calls, errors) for minute, calls, errors in cursor.fetchall()}
    every = [first + timedelta(minutes=number) for number in range(minutes)]
    return [(minute, *found.get(minute, (0, 0))) for minute in every]


def _grouped(
    caller: Caller, columns: Sequence[str], since: datetime, until: datetime
) -> dict[tuple[str, ...], Traffic]:
    """`columns` are names from the code, never input."""
    require_operator(caller)
    group = f"GROUP BY {', '.join(columns)}" if columns else "HAVING count(*) > 0"
    selected = "".join(f"{each}, " for each in columns)
    query = f"SELECT {selected}{_FIGURES} FROM mesh_servicecall WHERE at >= %s AND at < %s {group}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [since, until])
        rows = cursor.fetchall()
    seconds, width = (until - since).total_seconds(), len(columns)
    found = {}
    for row in rows:
        calls, errors, p50_us, p95_us = row[width:]
        found[tuple(row[:width])] = Traffic(calls, errors, p50_us, p95_us, seconds)
    return found

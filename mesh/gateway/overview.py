"""How the front door is doing: figures of the moment and of the last hour, for the API and the console."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from governance.access.policies import Caller
from mesh.gateway import request_log, usage
from mesh.gateway.models import IdentityProvider, RateLimit, RequestLog, Route
from mesh.operators import require_operator

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of what is configured, and of the last minute's requests as estimated from the log."""

    routes: int
    routes_enabled: int
    limits: int
    providers: int
    is_answering: bool
    requests_last_minute: int
    failures_last_minute: int
    last_logged_at: datetime | None


def status(caller: Caller, *, now: datetime) -> Status:
    """Five queries. Raises PermissionMissing."""
    require_operator(caller)
    counts = Route.objects.aggregate(all=Count("pk"), enabled=Count("pk", filter=Q(is_enabled=True)))
    minute = request_log.figures(caller, since=now - MINUTE, until=now)
    return Status(
        routes=counts["all"],
        routes_enabled=counts["enabled"],
        limits=RateLimit.objects.count(),
        providers=IdentityProvider.objects.count(),
        is_answering=usage.per_unit(caller) is not None,
        requests_last_minute=sum(each.requests for each in minute),
        failures_last_minute=sum(each.failures for each in minute),
        last_logged_at=RequestLog.objects.aggregate(at=Max("at"))["at"],
    )


def last_hour(caller: Caller, *, now: datetime) -> list[tuple[datetime, int, int]]:
    """Requests and failures of each of the last sixty whole minutes. Raises PermissionMissing."""
    until = now.replace(second=0, microsecond=0) + MINUTE
    return request_log.course(caller, since=until - HOUR, until=until, step=MINUTE)

"""The platform's own routes: what makes it reachable, before anybody has configured anything."""

from datetime import datetime

from django.db import transaction

from mesh.gateway.models import GatewaySettings, Route
from mesh.registry.models import Mesh, Service

PLATFORM = "platform"
WEB, REALTIME = "web", "realtime"
# Far enough behind for what staff add before them; routes are renumbered with the first one.
FIRST = 10_000
_PLACES = {
    "websockets": ("prefix", "/ws/"),
    "analytics-websockets": ("prefix", "/api/v1/ai-analytics/ws/"),
    "performance-stream": ("exact", "/api/v1/monitoring/performance/realtime"),
    "market-stream": ("exact", "/api/v1/stream"),
    "event-streams": ("prefix", "/"),
    "web": ("prefix", "/"),
}
_WANTS_EVENTS = [{"name": "accept", "kind": "contains", "value": "text/event-stream"}]


@transaction.atomic
def ensure_default_routes(*, now: datetime) -> int:
    """Make those of the platform's routes that are missing; returns how many. What staff changed of them stays.

    WebSockets and event streams go to `platform/realtime` and may stay open for as long as they like, the rest to
    `platform/web`, repeated only where it was not sent, so that no order is ever placed twice.
    """
    mesh, _ = Mesh.objects.get_or_create(name=PLATFORM, defaults={"created_at": now})
    web = _service(mesh, WEB, Service.Type.API_GATEWAY, now)
    realtime = _service(mesh, REALTIME, Service.Type.NOTIFICATIONS, now)
    known = set(Route.objects.filter(name__in=_PLACES).values_list("name", flat=True))
    missing = []
    for index, (name, (match, path)) in enumerate(_PLACES.items()):
        if name in known:
            continue
        is_web = name == WEB
        missing.append(
            Route(
                name=name,
                position=FIRST + index,
                is_platform=True,
                match=match,
                path=path,
                headers=_WANTS_EVENTS if name == "event-streams" else [],
                upstream=web if is_web else realtime,
                is_open_ended=not is_web,
                is_websocket="websockets" in name,
                retries=2 if is_web else 0,
                created_at=now,
                updated_at=now,
            )
        )
    Route.objects.bulk_create(missing)
    GatewaySettings.objects.get_or_create(pk=1, defaults={"updated_at": now})
    return len(missing)


def _service(mesh: Mesh, name: str, kind: str, now: datetime) -> Service:
    service, _ = Service.objects.get_or_create(
        mesh=mesh,
        name=name,
        defaults={"type": kind, "is_platform": True, "created_at": now, "updated_at": now},
    )
    return service

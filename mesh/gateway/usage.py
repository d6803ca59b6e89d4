"""What Envoy counts of the limits, read from its administration socket on this host. Nothing of it is kept."""

import re
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.conf import settings

from governance.access.policies import Caller
from mesh.gateway.rendering.names import limit_filter
from mesh.gateway.spec import UNITS
from mesh.operators import require_operator

_LINE = re.compile(r"(\w+)\.http_local_rate_limit\.(ok|rate_limited): (\d+)")
_PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class UnitUsage:
    """Requests that the limits per this unit looked at since Envoy started."""

    unit: str
    admitted: int
    refused: int


def admin_socket() -> Path:
    """Envoy's administration socket on this host."""
    return Path(settings.MESH_SOCKETS) / "envoy-admin.sock"


def per_unit(caller: Caller) -> list[UnitUsage] | None:
    """The counts by unit of time, the shortest first; None if Envoy does not answer on this host. Raises PermissionMissing."""
    require_operator(caller)
    if not admin_socket().exists():
        return None
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(admin_socket())), timeout=_PATIENCE_S) as admin:
            text = admin.get("http://envoy/stats", params={"filter": "http_local_rate_limit"}).text
    except httpx.HTTPError:
        return None
    return counted(text)


def counted(stats: str) -> list[UnitUsage]:
    """The same from the text of Envoy's statistics."""
    found = {(name, what): int(count) for name, what, count in _LINE.findall(stats)}
    return [
        UnitUsage(unit, found.get((limit_filter(unit), "ok"), 0), found.get((limit_filter(unit), "rate_limited"), 0))
        for unit in UNITS
    ]

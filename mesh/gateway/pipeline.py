"""What a request of a route passes, in its order, in words: for the picture in the console and for the preview. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.gateway.rendering.responses import is_cached
from mesh.gateway.spec import Route

_TITLES = {
    "identity": "Strip identity headers",
    "security_headers": "Security headers",
    "cors": "Other origins (CORS)",
    "compression": "Compression",
    "authentication": "Authentication",
    "rate_limits": "Rate limits",
    "body_limit": "Body size",
    "cache": "Cache",
    "upstream": "Upstream",
}
_ICONS = {
    "identity": "person_off",
    "security_headers": "shield",
    "cors": "public",
    "compression": "compress",
    "authentication": "badge",
    "rate_limits": "speed",
    "body_limit": "straighten",
    "cache": "cached",
    "upstream": "dns",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether this route takes it, and what it does there."""

    name: str
    title: str
    icon: str
    is_on: bool
    note: str


def steps_of(route: Route, middleware: Sequence[str], limits: Sequence[str] = ()) -> list[Step]:
    """The steps of one route, outermost first; `limits` are the names of those that count its requests."""
    told = {
        "identity": (True, "x-om-* of a client is dropped"),
        "security_headers": (route.has_security_headers, "where the answer has none"),
        "cors": (route.cors is not None, ", ".join(route.cors.origins) if route.cors else ""),
        "compression": (route.is_compressed, "gzip"),
        "authentication": (bool(route.authentication), route.authentication),
        "rate_limits": (bool(limits), ", ".join(limits)),
        "body_limit": (route.body_limit_bytes > 0, f"{route.body_limit_bytes:,} bytes"),
        "cache": (is_cached(route), f"{route.cache_s} s"),
        "upstream": (True, _upstream(route)),
    }
    return [
        Step(name, _TITLES[name], _ICONS[name], is_on, note if is_on else "")
        for name in ("identity", *middleware, "upstream")
        for is_on, note in (told[name],)
    ]


def _upstream(route: Route) -> str:
    if route.split:
        whole = sum(each.weight for each in route.split)
        return ", ".join(
            f"{each.service}{'@' + each.version if each.version else ''} {each.weight * 100 / whole:.0f}%"
            for each in route.split
        )
    return f"{route.upstream}@{route.version}" if route.version else route.upstream

"""Which route would this request take? The same answer as Envoy's, without asking it. Pure; tested against Envoy itself.

Envoy's regular expressions are RE2's; those that Python reads differently (possessive or Unicode classes) are rare, and a
preview that must be beyond doubt is a real request (`POST requests`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mesh.gateway.rendering.routes import host_pattern
from mesh.gateway.spec import HeaderMatch, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What of a request routes look at. Header names in any case; a path may carry a query, which is ignored."""

    method: str = "GET"
    host: str = "localhost"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)


def route_for(routes: Sequence[Route], request: Request) -> Route | None:
    """The first route that fits; None if none does."""
    path = request.path.partition("?")[0].partition("#")[0]
    # With an underscore in its name a header is dropped at the door.
    headers = {name.lower(): value for name, value in request.headers.items() if "_" not in name}
    headers[":method"], headers[":authority"] = request.method, request.host
    return next((route for route in routes if _fits(route, path, headers)), None)


def _fits(route: Route, path: str, headers: Mapping[str, str]) -> bool:
    if route.match == "prefix":
        is_there = path.startswith(route.path)
    elif route.match == "exact":
        is_there = path == route.path
    else:
        is_there = re.fullmatch(route.path, path) is not None
    return (
        is_there
        and (not route.methods or headers[":method"] in route.methods)
        and (not route.hosts or re.fullmatch(host_pattern(route.hosts), headers[":authority"]) is not None)
        and all(_has(each, headers) for each in route.headers)
    )


def _has(wanted: HeaderMatch, headers: Mapping[str, str]) -> bool:
    value = headers.get(wanted.name.lower())
    if wanted.kind == "present":
        return (value is not None) != wanted.is_inverted
    if value is None:
        if not wanted.is_inverted:
            return False
        value = ""
    found = {
        "exact": lambda: value == wanted.value,
        "prefix": lambda: value.startswith(wanted.value),
        "contains": lambda: wanted.value in value,
        "regex": lambda: re.fullmatch(wanted.value, value) is not None,
    }[wanted.kind]()
    return found != wanted.is_inverted

"""What differs between two configurations, resource by resource, in words people look for: clusters, routes, filters."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mesh.dataplane.spec import Json, Resources

# Lines around a change.
_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """One resource that came, went or changed; `lines` is a unified diff of its JSON without its header."""

    name: str
    how: str
    lines: tuple[str, ...]


def differences(before: Resources | None, after: Resources) -> list[Difference]:
    """From one configuration to another, by name; all of it is new if there was none before."""
    old = dict(_parts(before)) if before is not None else {}
    new = dict(_parts(after))
    return [
        _difference(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _parts(resources: Resources) -> Iterator[tuple[str, object]]:
    for cluster in resources.cds:
        yield f"cluster {cluster['name']}", cluster
    for listener in resources.lds:
        yield f"listener {listener['name']}", listener
    for name, config in resources.ecds.items():
        yield f"filter {name}", config
    for name, routes in resources.rds.items():
        yield from _routes(name, routes)


def _routes(name: str, config: Json) -> Iterator[tuple[str, object]]:
    """A route configuration is large, and one of its routes small: each is told by itself."""
    hosts = config.get("virtual_hosts")
    for host in hosts if isinstance(hosts, list) else []:
        named = [route.get("name") for route in host["routes"]]
        is_named = all(named) and len(set(named)) == len(named)
        if not is_named:
            yield f"{name} host {host['name']}", host
            continue
        yield f"{name} host {host['name']}", {**host, "routes": named}
        for route in host["routes"]:
            yield f"{name} route {route['name']}", route
    yield f"{name} routes as a whole", {key: value for key, value in config.items() if key != "virtual_hosts"}


def _difference(name: str, old: object, new: object) -> Difference:
    how = "added" if old is None else "removed" if new is None else "changed"
    lines = difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=_CONTEXT)
    return Difference(name, how, tuple(line for line in lines if not line.startswith(("---", "+++"))))


def _lines(part: object) -> list[str]:
    if part is None:
        return []
    shown = part if not isinstance(part, Mapping) else {key: value for key, value in part.items() if key != "@type"}
    return json.dumps(shown, indent=2, sort_keys=True).splitlines()

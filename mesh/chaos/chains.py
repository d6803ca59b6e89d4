"""Cascading failure: which services a failing one would take with it, caller by caller.

Edges are the dependencies declared and those seen: calls through the mesh in the last day whose caller is a service there.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mesh.client.models import ServiceCall
from mesh.registry.models import Dependency, Service

SEEN_WITHIN = timedelta(days=1)
MOST_SERVICES = 50


def callers() -> dict[str, set[str]]:
    """By service (`mesh/service`), the services that declared that they call it."""
    found: dict[str, set[str]] = {}
    rows = Dependency.objects.values_list("caller__mesh__name", "caller__name", "called__mesh__name", "called__name")
    for caller_mesh, caller, called_mesh, called in rows:
        found.setdefault(f"{called_mesh}/{called}", set()).add(f"{caller_mesh}/{caller}")
    return found


def seen_callers(now: datetime) -> dict[str, set[str]]:
    """The same as observed: a caller is a service of the same mesh, as it names itself."""
    known = set(Service.objects.values_list("mesh__name", "name"))
    found: dict[str, set[str]] = {}
    rows = ServiceCall.objects.filter(at__gte=now - SEEN_WITHIN).exclude(caller="").order_by()
    for mesh, caller, service in rows.values_list("mesh", "caller", "service").distinct():
        if (mesh, caller) in known:
            found.setdefault(f"{mesh}/{service}", set()).add(f"{mesh}/{caller}")
    return found


def merged(*graphs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """All edges of these graphs."""
    found: dict[str, set[str]] = {}
    for graph in graphs:
        for called, by in graph.items():
            found.setdefault(called, set()).update(by)
    return found


def cascade(graph: Mapping[str, set[str]], first: str, depth: int) -> list[tuple[str, int]]:
    """The service that fails first, then those that call it and so on: (service, how many calls away), nearest first.

    Each service once, at most `depth` calls away and at most MOST_SERVICES in all.
    """
    reached, edge = [(first, 0)], [first]
    known = {first}
    for distance in range(1, depth + 1):
        edge = sorted({caller for called in edge for caller in graph.get(called, ()) if caller not in known})
        known.update(edge)
        reached += [(service, distance) for service in edge]
    return reached[:MOST_SERVICES]

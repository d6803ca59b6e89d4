"""What a service's page shows; the part above the policy is read anew every two seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from governance.access.pages import BoundedPaginator, Fact
from governance.identity.models import User
from mesh.client.models import ServiceCall
from mesh.registry import circuits, selectors, traffic
from mesh.registry.console.columns import lease, milliseconds, p95, rate, share, state
from mesh.registry.console.forms import GROUPS
from mesh.registry.graph import WINDOW, vertices
from mesh.registry.models import CircuitChange, Dependency, Instance, Service
from opinion_market.kernel import clock

PER_PAGE = 25
SHOWN = 15


@dataclass(frozen=True, slots=True)
class Line:
    """An instance as a row of the page's table."""

    instance: Instance
    health: SafeString
    state: SafeString
    circuit: SafeString
    lease: str
    link: str


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call as a row."""

    call: ServiceCall
    duration: str


def context(user: User, service: Service, request: HttpRequest) -> dict[str, Any]:
    """Everything for `console/mesh/service.html`, and for the part that is polled."""
    now = clock.now()
    (vertex,) = [each for each in vertices(user, now=now, mesh=service.mesh.name) if each.id == service.pk]
    found = selectors.leased(now).filter(service=service).order_by("id")
    page = BoundedPaginator(found, PER_PAGE).get_page(request.GET.get("page"))
    breakers = circuits.circuits(user, [service.pk])
    calls = traffic.calls(user, filters={"mesh": service.mesh.name, "service": service.name})
    return {
        "title": service.name,
        "service": service,
        "vertex": vertex,
        "now": now,
        "minutes": int(WINDOW.total_seconds()) // 60,
        "figures": [
            ("Calls", rate(vertex.traffic), f"{vertex.traffic.calls:,} in 5 minutes", ""),
            (
                "Errors",
                share(vertex.traffic),
                f"{vertex.traffic.errors:,} in 5 minutes",
                "bad" if vertex.traffic.errors else "",
            ),
            (
                "95% within",
                p95(vertex.traffic),
                f"half within {milliseconds(vertex.traffic.p50_us)}" if vertex.traffic.calls else "",
                "",
            ),
            (
                "Instances",
                f"{vertex.serving} of {vertex.instances}",
                "serve",
                "bad" if vertex.instances and not vertex.serving else "",
            ),
            ("Draining", f"{vertex.draining:,}", "", ""),
        ],
        "health": state(vertex.health),
        "circuit": state(vertex.circuit),
        "page": page,
        "lines": _lines(list(page), breakers, service, now),
        "changes": circuits.history(user, service.pk)[:SHOWN],
        "calls": [CallLine(each, milliseconds(each.duration_us)) for each in calls[:SHOWN]],
        "needs": Dependency.objects.filter(caller=service).select_related("called").order_by("called__name"),
        "needed_by": Dependency.objects.filter(called=service).select_related("caller").order_by("caller__name"),
        "facts": facts(service),
        "policy": [(group, _policy(service, group.names)) for group in GROUPS],
    }


def facts(service: Service) -> list[Fact]:
    """What it is."""
    return [
        Fact("Mesh", service.mesh.name),
        Fact("Type", service.get_type_display()),
        Fact("Protocol", service.get_protocol_display()),
        Fact("Load balancing", service.get_load_balancing_display()),
        Fact("Registered", service.created_at),
        Fact("Last changed", service.updated_at),
    ]


def _policy(service: Service, names: Sequence[str]) -> list[Fact]:
    found = []
    for name in names:
        field = Service._meta.get_field(name)
        value = getattr(service, f"get_{name}_display")() if getattr(field, "choices", None) else getattr(service, name)
        shown = f"{value:,}" if isinstance(value, int) else value or "–"
        found.append(Fact(str(getattr(field, "verbose_name", name)).capitalize(), shown))
    return found


def _lines(
    instances: Sequence[Instance], breakers: dict[Any, circuits.Circuit], service: Service, now: datetime
) -> list[Line]:
    lines = []
    for each in instances:
        breaker = breakers.get((service.pk, circuits.name_of(each)))
        circuit = breaker.state if breaker else CircuitChange.State.CLOSED
        link = reverse("admin:mesh_instance_change", args=[each.pk])
        lines.append(Line(each, state(each.health), state(each.state), state(circuit), lease(each, now), link))
    return lines

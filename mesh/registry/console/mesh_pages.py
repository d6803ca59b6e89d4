"""The mesh as a whole: its dashboard, and the graph of who calls whom. Both read themselves anew every two seconds."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from governance.access.pages import rendered, staff
from mesh.registry import circuits, overview, traffic
from mesh.registry.console.columns import HEALTH_WORDS, milliseconds, p95, rate, share, state
from mesh.registry.drawing import NARROW_BOX, draw, minute_bars
from mesh.registry.graph import Edge, Vertex, mesh_graph
from mesh.registry.models import CircuitChange
from mesh.registry.selectors import DEFAULT_MESH, meshes

WINDOWS = {"1": "1 minute", "5": "5 minutes", "15": "15 minutes", "60": "1 hour"}
WIDE_ACROSS, NARROW_ACROSS = 5, 2
MINUTES_SHOWN, CHANGES_SHOWN, SNAPSHOTS_SHOWN = 60, 10, 5
CHART_WIDTH, CHART_HEIGHT = 960.0, 110.0


def dashboard(page: Any, request: HttpRequest, now: datetime) -> HttpResponse:
    """Figures, troubles, services, the last hour, breakers and configurations."""
    user = staff(request)
    found = overview.overview(user, now=now)
    minutes = traffic.per_minute(user, until=now, minutes=MINUTES_SHOWN)
    told = [
        (f"{minute:%H:%M} UTC: {calls:,} calls, {errors:,} errors", calls, errors) for minute, calls, errors in minutes
    ]
    context = {
        "title": "Service mesh",
        "now": now,
        "figures": _figures(found),
        "troubles": found.troubles,
        "rows": [_row(each) for each in found.services],
        "bars": minute_bars(told, width=CHART_WIDTH, height=CHART_HEIGHT),
        "chart_width": CHART_WIDTH,
        "chart_height": CHART_HEIGHT,
        "most": f"{max(calls for _, calls, _ in minutes):,}",
        "total": f"{sum(calls for _, calls, _ in minutes):,}",
        "show_mesh": found.meshes > 1,
        "nodes": found.nodes,
        "changes": circuits.history(user)[:CHANGES_SHOWN],
        "snapshots": overview.latest_snapshots(user, most=SNAPSHOTS_SHOWN),
    }
    return _page(page, request, "dashboard", context)


def graph(page: Any, request: HttpRequest, now: datetime) -> HttpResponse:
    """The graph of one mesh, drawn for wide and for narrow screens, and as tables."""
    user = staff(request)
    names = [each.name for each in meshes(user)]
    chosen = request.GET.get("mesh", DEFAULT_MESH)
    mesh = chosen if chosen in names else next(iter(names), DEFAULT_MESH)
    window = request.GET.get("window", "")
    window = window if window in WINDOWS else "5"
    found = mesh_graph(user, mesh=mesh, now=now, window=timedelta(minutes=int(window)))
    context = {
        "title": "Graph of services",
        "now": now,
        "graph": found,
        "meshes": names,
        "mesh": mesh,
        "windows": WINDOWS.items(),
        "window": window,
        "drawings": [
            _drawing("wide", draw(found, across=WIDE_ACROSS)),
            _drawing("narrow", draw(found, across=NARROW_ACROSS, box_width=NARROW_BOX)),
        ],
        "edges": [_edge(each) for each in found.edges],
        "rows": [_row(each) for each in found.vertices],
    }
    return _page(page, request, "graph", context)


def _page(page: Any, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """The page; for its own polling only the part that lives."""
    if request.headers.get("HX-Request"):
        return TemplateResponse(request, f"console/mesh/{name}_live.html", context)
    return rendered(page, request, f"console/mesh/{name}.html", context)


def _figures(found: overview.Overview) -> list[dict[str, str]]:
    listed, instances = reverse("admin:mesh_service_changelist"), reverse("admin:mesh_instance_changelist")
    unhealthy, ejected = found.instances["unhealthy"], found.instances["ejected"]
    told = [
        (
            "Services",
            f"{len(found.services):,}",
            f"in {found.meshes:,} mesh{'es' if found.meshes != 1 else ''}",
            listed,
            "",
        ),
        ("Instances", f"{found.instances['all']:,}", f"{found.leased:,} with a lease", instances, ""),
        ("Unhealthy", f"{unhealthy:,}", "by active checks", f"{instances}?health__exact=unhealthy", _bad_if(unhealthy)),
        ("Ejected", f"{ejected:,}", "for failing requests", f"{instances}?health__exact=ejected", _bad_if(ejected)),
        ("Draining", f"{found.instances['draining']:,}", "", f"{instances}?state__exact=draining", ""),
        (
            "Open breakers",
            f"{found.open_circuits:,}",
            f"{found.half_open_circuits:,} half-open",
            "",
            _bad_if(found.open_circuits),
        ),
        ("Calls", rate(found.traffic), "in the last minute", "", ""),
        ("Errors", share(found.traffic), "in the last minute", "", _bad_if(found.traffic.errors)),
        ("95% within", p95(found.traffic), "in the last minute", "", ""),
    ]
    names = ("title", "value", "note", "link", "tone")
    return [dict(zip(names, each, strict=True)) for each in told]


def _bad_if(count: int) -> str:
    return "bad" if count else ""


def _row(vertex: Vertex) -> dict[str, Any]:
    return {
        "vertex": vertex,
        "link": _link(vertex),
        "health": state(vertex.health),
        "circuit": state(vertex.circuit),
        "rate": rate(vertex.traffic),
        "share": share(vertex.traffic),
        "p95": p95(vertex.traffic),
    }


def _link(vertex: Vertex) -> str:
    return reverse("admin:mesh_service_change", args=[vertex.id]) if vertex.id else ""


def _drawing(name: str, drawing: Any) -> dict[str, Any]:
    """A drawing with the words and links that stand on it."""
    return {
        "name": name,
        "drawing": drawing,
        "boxes": [
            {"box": box, "link": _link(box.vertex), "words": _words(box.vertex), "told": _told(box.vertex)}
            for box in drawing.boxes
        ],
        "lines": [{"line": line, "told": _edge(line.edge), "tone": _tone(line.edge)} for line in drawing.lines],
    }


def _words(vertex: Vertex) -> str:
    """The last line in a box."""
    if vertex.id is None:
        return "calls by this name"
    serve = f"{vertex.serving}/{vertex.instances} serve" if vertex.instances else "no instances"
    return f"{serve} · {rate(vertex.traffic)}" if vertex.traffic.calls else serve


def _told(vertex: Vertex) -> str:
    """A box in one sentence, for those who hear it."""
    if vertex.id is None:
        return f"{vertex.name}, a caller that is no service of this mesh"
    parts = [
        f"{vertex.name}, {vertex.type_name}: {HEALTH_WORDS[vertex.health]}",
        f"{vertex.serving} of {vertex.instances} instances serve",
    ]
    if vertex.traffic.calls:
        parts.append(f"{rate(vertex.traffic)} calls, {share(vertex.traffic)} errors")
    if vertex.circuit != CircuitChange.State.CLOSED:
        parts.append(f"breaker {HEALTH_WORDS[vertex.circuit]}")
    return ", ".join(parts)


def _edge(edge: Edge) -> dict[str, Any]:
    traffic_told = f"{rate(edge.traffic)}, {share(edge.traffic)} errors, 95% within {p95(edge.traffic)}"
    how = (
        "declared and seen"
        if edge.is_declared and edge.traffic
        else "declared"
        if edge.is_declared
        else "seen, not declared"
    )
    return {
        "caller": edge.caller,
        "called": edge.called,
        "how": how,
        "need": "critical" if edge.is_critical else "can do without" if edge.is_declared else "–",
        "rate": rate(edge.traffic),
        "share": share(edge.traffic),
        "p50": milliseconds(edge.traffic.p50_us) if edge.traffic else "–",
        "p95": p95(edge.traffic),
        "label": rate(edge.traffic) if edge.traffic else "",
        "sentence": f"{edge.caller} calls {edge.called}: {how}" + (f"; {traffic_told}" if edge.traffic else ""),
    }


def _tone(edge: Edge) -> str:
    """bad: more than one in twenty fails; seen; undeclared: seen but not declared; declared: not seen."""
    if edge.traffic is None:
        return "declared"
    if edge.traffic.error_share > 0.05:
        return "bad"
    return "seen" if edge.is_declared else "undeclared"

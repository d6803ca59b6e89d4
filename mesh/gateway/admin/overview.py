"""The front door on one page: figures, the last hour, every route's, the limits, the pipeline."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from governance.access.pages import PageLink, staff
from mesh.gateway import overview, request_log, selectors, services, usage
from mesh.gateway.admin.forms import PipelineForm
from mesh.gateway.admin.pages import TRIED, GatewayPage
from mesh.gateway.models import GatewaySettings
from mesh.gateway.pipeline import steps_of
from mesh.gateway.spec import Route
from opinion_market.kernel import clock

CHART_WIDTH, CHART_HEIGHT = 960.0, 96.0


@admin.register(GatewaySettings)
class GatewaySettingsAdmin(GatewayPage):
    """Its list is the overview; there is one row of settings."""

    list_deeds = {"pipeline": "pipeline_view"}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The figures. Counts are estimated from the log, of which ordinary requests are a share."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user, now = staff(request), clock.now()
        course = overview.last_hour(user, now=now)
        kept = selectors.current_settings()
        counted = usage.per_unit(user)
        context = {
            "title": "Front door",
            "deeds": [
                PageLink("Pipeline and log", self.address("pipeline"), "tune"),
                PageLink("Request log", reverse("admin:mesh_requestlog_changelist"), "receipt_long"),
            ],
            "status": overview.status(user, now=now),
            "figures": request_log.figures(user, since=now - overview.HOUR, until=now),
            "chart": _bars(course),
            "chart_width": CHART_WIDTH,
            "chart_height": CHART_HEIGHT,
            "chart_top": max((count for _, count, _ in course), default=0),
            "chart_total": sum(count for _, count, _ in course),
            "chart_first": course[0][0],
            "chart_last": course[-1][0],
            "usage": counted,
            "limits": selectors.limits(user),
            "share_percent": kept.log_share_ppm / 10_000,
            "slow_ms": kept.log_slow_ms,
            "steps": _whole(kept),
        }
        return self.rendered(request, "console/gateway.html", {**context, **(extra_context or {})})

    def pipeline_view(self, request: HttpRequest) -> HttpResponse:
        """Change the order and what holds for all routes."""
        kept = selectors.current_settings()
        told = {name: getattr(kept, name) for name in PipelineForm.base_fields if hasattr(kept, name)}
        return self.deed(
            request,
            title="Pipeline and log",
            button="Change",
            done="The settings are changed.",
            back=self.address("changelist"),
            form=PipelineForm,
            initial={
                **told,
                "middleware": "\n".join(kept.middleware),
                "security_headers": "\n".join(f"{name}: {value}" for name, value in kept.security_headers),
            },
            consequences=[
                "A new order or other bounds of the cache replace the listener: limits count anew, connections are drained.",
                TRIED,
            ],
            act=lambda form, given: services.change_settings(
                actor=staff(request),
                values=form.values(),  # type: ignore[attr-defined]
                reason=given["reason"],
                now=clock.now(),
            ),
        )


def _whole(kept: GatewaySettings) -> list[Any]:
    """The order of all steps, each as one that is passed: whether it does anything, a route decides."""
    passed = steps_of(Route(name="", upstream="each route's own"), kept.middleware)
    return [
        {"title": step.title, "icon": step.icon, "is_on": True, "note": f"{place}."}
        for place, step in enumerate(passed, 1)
    ]


def _bars(course: list[tuple[Any, int, int]]) -> list[dict[str, object]]:
    """A bar per minute, its failures at the foot of it; in the chart's own units."""
    most = max((count for _, count, _ in course), default=0) or 1
    place = CHART_WIDTH / len(course)
    return [
        {
            "x": round(index * place + place * 0.125, 2),
            "y": round(CHART_HEIGHT * (1 - count / most), 2),
            "width": round(place * 0.75, 2),
            "height": round(CHART_HEIGHT * count / most, 2),
            "failed_y": round(CHART_HEIGHT * (1 - failed / most), 2),
            "failed_height": round(CHART_HEIGHT * failed / most, 2),
            "text": f"{at:%H:%M} UTC: {count:,} requests, {failed:,} failed",
        }
        for index, (at, count, failed) in enumerate(course)
    ]

"""The staff dashboards: pages of the console that stay up to date, each behind its permission, with the same figures as JSON.

The page holds its first figures; then the hub's WebSocket tells of changes, and without one the page asks the JSON's address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from governance.access.console import SUPERUSER
from governance.access.pages import visible_organizations
from governance.access.per_request import access_for
from opinion_market.api.json import dump
from opinion_market.console.dashboards import event_sourcing, exchange, markets
from opinion_market.kernel import clock

Figures = Callable[[HttpRequest, str, datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page. `channel`: of the hub, which whoever holds `channel_permission` may subscribe to; others' pages ask."""

    name: str
    title: str
    icon: str
    permission: str
    ranges: Mapping[str, str]
    default_range: str
    figures: Figures
    channel: str
    channel_permission: str

    def is_open_to(self, request: HttpRequest) -> bool:
        return _holds(request, self.permission)

    @property
    def address(self) -> str:
        return reverse(f"admin:dashboard_{self.name}")


def _holds(request: HttpRequest, permission: str) -> bool:
    access = access_for(request)
    return access.everything or (permission != SUPERUSER and access.has_anywhere(permission))


DASHBOARDS = (
    Dashboard(
        "markets", "Market analytics", "query_stats", markets.PERMISSION,
        {name: title for name, (title, _, _) in markets.RANGES.items()}, markets.DEFAULT_RANGE, markets.figures,
        "dashboard", markets.PERMISSION,
    ),
    Dashboard(
        "exchange", "Exchange", "speed", SUPERUSER, exchange.RANGES, exchange.DEFAULT_RANGE, exchange.figures,
        "performance", SUPERUSER,
    ),
    Dashboard(
        "event_sourcing", "Event sourcing", "database", event_sourcing.PERMISSION, event_sourcing.RANGES,
        event_sourcing.DEFAULT_RANGE, event_sourcing.figures, "performance", SUPERUSER,
    ),
)  # fmt: skip


def addresses(
    admin_view: Callable[..., Any], each_context: Callable[[HttpRequest], dict[str, Any]]
) -> list[URLPattern]:
    """Two addresses per dashboard, below the console's; `admin_view` lets only staff in."""
    made = []
    for dashboard in DASHBOARDS:
        where = f"dashboards/{dashboard.name.replace('_', '-')}/"
        made += [
            path(where, admin_view(_page(dashboard, each_context)), name=f"dashboard_{dashboard.name}"),
            path(f"{where}figures", admin_view(_figures(dashboard)), name=f"dashboard_{dashboard.name}_figures"),
        ]
    return made


def _page(
    dashboard: Dashboard, each_context: Callable[[HttpRequest], dict[str, Any]]
) -> Callable[[HttpRequest], HttpResponse]:
    def page(request: HttpRequest) -> HttpResponse:
        """The page with its first figures."""
        chosen = _chosen_range(dashboard, request)
        organization = request.GET.get("organization", "")
        context = {
            **each_context(request),
            "title": dashboard.title,
            "dashboard": dashboard,
            "figures": _read(dashboard, request),
            "address": _address(f"{dashboard.address}figures", chosen, organization),
            "channel": dashboard.channel if _holds(request, dashboard.channel_permission) else "",
            "ranges": [
                (title, _address(dashboard.address, name, organization), name == chosen)
                for name, title in dashboard.ranges.items()
            ],
            "range_name": chosen,
            "range_title": dashboard.ranges[chosen],
            "is_platform_wide": access_for(request).everything,
            "organization": organization,
            "organizations": visible_organizations(request, markets.PERMISSION).order_by("name", "pk")
            if dashboard.name == "markets"
            else (),
        }
        return render(request, f"console/dashboards/{dashboard.name}.html", context)

    return page


def _figures(dashboard: Dashboard) -> Callable[[HttpRequest], HttpResponse]:
    def figures(request: HttpRequest) -> HttpResponse:
        """The same figures as JSON."""
        response = HttpResponse(dump(_read(dashboard, request)), content_type="application/json")
        response["Cache-Control"] = "private, no-store"
        return response

    return figures


def _read(dashboard: Dashboard, request: HttpRequest) -> dict[str, Any]:
    """Raises PermissionDenied."""
    if not dashboard.is_open_to(request):
        raise PermissionDenied
    return dashboard.figures(request, _chosen_range(dashboard, request), clock.now())


def _chosen_range(dashboard: Dashboard, request: HttpRequest) -> str:
    asked = request.GET.get("range", "")
    return asked if asked in dashboard.ranges else dashboard.default_range


def _address(address: str, range_name: str, organization: str) -> str:
    return f"{address}?{urlencode({'range': range_name} | ({'organization': organization} if organization else {}))}"

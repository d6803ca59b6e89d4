"""Routes in the console: their order, the pipeline of each, changing them, and asking which one a request would take."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from governance.access.pages import Fact, PageLink, column, staff
from mesh.gateway import matching, request_log, selectors, services
from mesh.gateway.admin.forms import PreviewForm, RouteForm, header_text, initial_of
from mesh.gateway.admin.pages import TRIED, GatewayPage
from mesh.gateway.models import RateLimit, Route
from mesh.gateway.pipeline import steps_of
from opinion_market.kernel import clock

HOUR = timedelta(hours=1)


def limits_of(route: Route) -> list[str]:
    """The names of the enabled limits that count this route's requests."""
    enabled = RateLimit.objects.filter(is_enabled=True, route__isnull=True) | RateLimit.objects.filter(
        is_enabled=True, route=route
    )
    return list(enabled.order_by("name").values_list("name", flat=True))


@admin.register(Route)
class RouteAdmin(GatewayPage):
    """The first enabled route that fits takes the request."""

    empty_text = "The platform's own routes are made when it starts."
    page_template = "console/gateway_route.html"
    list_display = ("shown_name", "looks_like", "goes_to", "authentication", "shown_state", "api_version")
    list_filter = (("match", ChoicesDropdownFilter),)
    list_select_related = ("upstream__mesh", "authentication")
    search_fields = ("name", "path", "description", "upstream__name")
    search_help_text = "Name, path or upstream"
    ordering = ("position", "id")
    sortable_by = ()
    list_deeds = {"new": "new_view", "preview": "preview_view"}
    row_deeds = {
        "edit": "edit_view", "remove": "remove_view", "earlier": "earlier_view", "later": "later_view", "turn": "turn_view",
    }  # fmt: skip

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        return [
            PageLink("New route", self.address("new"), "add"),
            PageLink("Which route?", self.address("preview"), "alt_route"),
        ]

    @column("Route")
    def shown_name(self, route: Route) -> SafeString:
        note = route.description or ("the platform's own" if route.is_platform else "")
        return format_html('<span class="om-title">{}</span><span class="om-sub">{}</span>', route.name, note)

    @column("Takes")
    def looks_like(self, route: Route) -> SafeString:
        more = [*route.methods, *route.hosts, *map(header_text, route.headers)]
        told = f"{route.get_match_display().lower()} {route.path}"
        return format_html('<span class="om-mono">{}</span><span class="om-sub">{}</span>', told, ", ".join(more))

    @column("Goes to")
    def goes_to(self, route: Route) -> str:
        version = f"@{route.upstream_version}" if route.upstream_version else ""
        return f"{route.upstream.mesh.name}/{route.upstream.name}{version}"

    @column("State", label={"on": "success", "off": "", "old": "warning"})
    def shown_state(self, route: Route) -> tuple[str, str]:
        if not route.is_enabled:
            return "off", "Off"
        return ("old", "Deprecated") if route.deprecated_at else ("on", "On")

    def facts(self, request: HttpRequest, row: Route) -> list[Fact]:
        told = [
            Fact("Path", f"{row.get_match_display().lower()} {row.path}"),
            Fact("Hosts", ", ".join(row.hosts) or "any"),
            Fact("Methods", ", ".join(row.methods) or "any"),
            Fact("Headers", ", ".join(map(header_text, row.headers)) or "any"),
            Fact("Timeout", "none" if row.is_open_ended else f"{row.timeout_ms:,} ms"),
            Fact("Retries", f"{row.retries} on {row.retry_on}" if row.retries else "none"),
            Fact("Rewrite", row.rewrite or "none"),
            Fact("WebSockets", "yes" if row.is_websocket else "no"),
        ]
        if row.api_version:
            told.append(Fact("API version", row.api_version))
        if row.deprecated_at:
            told += [
                Fact("Deprecated", row.deprecated_at),
                Fact("Ends", row.sunset_at or "–"),
                Fact("Successor", row.successor or "–"),
            ]
        return told

    def page_context(self, request: HttpRequest, row: Route) -> dict[str, Any]:
        now, user = clock.now(), staff(request)
        figures = {each.route: each for each in request_log.figures(user, since=now - HOUR, until=now)}
        order = selectors.current_settings().middleware
        return {
            "title": row.name,
            "route": row,
            "state": self.shown_state(row),
            "steps": steps_of(selectors.route_spec(row), order, limits_of(row)),
            "figures": figures.get(row.name),
            "deeds": self._deeds(row),
            "log_address": f"{self._log()}?route={row.name}",
        }

    def _log(self) -> str:
        return self.address("changelist").replace("/route/", "/requestlog/")

    def _deeds(self, row: Route) -> list[PageLink]:
        own = "The platform's own route: it keeps the platform reachable." if row.is_platform else ""
        turn = "Turn off" if row.is_enabled else "Turn on"
        return [
            PageLink("Change", self.address("edit", row.pk), "edit", refusal=own),
            PageLink("Earlier", self.address("earlier", row.pk), "arrow_upward"),
            PageLink("Later", self.address("later", row.pk), "arrow_downward"),
            PageLink(turn, self.address("turn", row.pk), "power_settings_new"),
            PageLink("Remove", self.address("remove", row.pk), "delete", "danger", refusal=own),
        ]

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """A new route."""
        return self.deed(
            request,
            title="New route",
            button="Make the route",
            done="The route is made.",
            back=self.address("changelist"),
            form=RouteForm,
            initial={"is_enabled": True},
            consequences=["It is tried before the platform's own routes.", TRIED],
            act=lambda form, given: services.create_route(
                actor=staff(request),
                values=form.values(),  # type: ignore[attr-defined]
                backends=given["backends"],
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change a route."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Change {row.name}",
            button="Change",
            done="The route is changed.",
            back=self.address("change", row.pk),
            form=RouteForm,
            initial=initial_of(row),
            consequences=["Requests that come from now on go by it. No counter of a limit begins anew.", TRIED],
            act=lambda form, given: services.change_route(
                actor=staff(request),
                route_id=row.pk,
                values=form.values(),  # type: ignore[attr-defined]
                backends=given["backends"],
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def turn_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On or off."""
        row = self.row(request, object_id)
        word = "off" if row.is_enabled else "on"
        return self.deed(
            request,
            title=f"Turn {word}: {row.name}",
            button=f"Turn {word}",
            done=f"The route is {word}.",
            back=self.address("change", row.pk),
            is_dangerous=row.is_enabled,
            act=lambda form, given: services.change_route(
                actor=staff(request),
                route_id=row.pk,
                values={"is_enabled": not row.is_enabled},
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Remove it."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Remove {row.name}",
            button="Remove",
            done="The route is removed.",
            back=self.address("changelist"),
            consequences=["Its requests go to the next route that fits, or are answered 404. Its limits go with it."],
            is_dangerous=True,
            act=lambda form, given: services.remove_route(
                actor=staff(request), route_id=row.pk, reason=given["reason"], now=clock.now()
            ),
        )

    def earlier_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One place earlier."""
        return self._moved(request, object_id, -1, "earlier")

    def later_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One place later."""
        return self._moved(request, object_id, 2, "later")

    def _moved(self, request: HttpRequest, object_id: str, by: int, word: str) -> HttpResponse:
        row = self.row(request, object_id)
        order = list(Route.objects.values_list("pk", flat=True))
        place = max(order.index(row.pk) + by, 0)
        before = order[place] if place < len(order) else None
        return self.deed(
            request,
            title=f"Try {row.name} {word}",
            button=f"Move {word}",
            done="The order is changed.",
            back=self.address("changelist"),
            consequences=["The first enabled route that fits takes a request.", TRIED],
            act=lambda form, given: services.move_route(
                actor=staff(request),
                route_id=row.pk,
                before=None if before == row.pk else before,
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Which route would this request take?"""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PreviewForm(request.GET if "path" in request.GET else None)
        context: dict[str, Any] = {"title": "Which route would a request take?", "form": form, "is_asked": False}
        if form.is_bound and form.is_valid():
            rows = {row.name: row for row in selectors.routes(staff(request)).filter(is_enabled=True)}
            found = matching.route_for(
                [selectors.route_spec(row) for row in rows.values()], matching.Request(**form.cleaned_data)
            )
            context["is_asked"] = True
            if found is not None:
                row = rows[found.name]
                context["found"], context["found_address"] = row, self.address("change", row.pk)
                context["steps"] = steps_of(found, selectors.current_settings().middleware, limits_of(row))
        return self.rendered(request, "console/gateway_preview.html", context)

"""The request log in the console: filters, a search by trace id, and a file."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export import resources
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from governance.access.console import SUPERUSER
from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, Fact, column
from mesh.gateway.models import RequestLog, Route
from mesh.templatetags.gateway import milliseconds


class RequestExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = RequestLog
        fields = (
            "at", "trace_id", "route", "method", "path", "status", "flags", "details", "duration_us", "upstream_us",
            "attempts", "service", "instance", "bytes_received", "bytes_sent", "user", "key", "organization",
            "limited_by", "weight", "node",
        )  # fmt: skip


class RouteFilter(DropdownFilter):  # type: ignore[misc]
    """By route, as it is named now."""

    title = "route"
    parameter_name = "route"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in Route.objects.values_list("name", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(route=self.value()) if self.value() else queryset


class OutcomeFilter(DropdownFilter):  # type: ignore[misc]
    """By how it was answered."""

    title = "outcome"
    parameter_name = "outcome"
    kinds: ClassVar[dict[str, tuple[str, dict[str, object]]]] = {
        "good": ("Answered (below 400)", {"status__lt": 400}),
        "refused": ("Refused (401, 403)", {"status__in": [401, 403]}),
        "limited": ("Limited", {"limited_by__gt": ""}),
        "failed": ("Failed (500 and above)", {"status__gte": 500}),
        "slow": ("Slower than a second", {"duration_us__gte": 1_000_000}),
        "cached": ("From the cache", {"details__startswith": "cache.response"}),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _) in self.kinds.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.kinds.get(str(self.value()))
        return queryset.filter(**chosen[1]) if chosen else queryset


@admin.register(RequestLog)
class RequestLogAdmin(ExportedPage):
    """What went through the front door: failures and slow requests, and a share of the others."""

    empty_text = "Requests show here a moment after they were answered."
    view_permission = SUPERUSER
    organization_lookup = None
    resource_classes = (RequestExport,)
    list_display = ("at", "shown_request", "shown_status", "took", "route", "shown_trace")
    list_filter = (OutcomeFilter, RouteFilter, ("at", RangeDateTimeFilter))
    search_fields = ("=trace_id",)
    search_help_text = "Trace id, as in X-Request-Id of the answer"
    ordering = ("-at", "-id")
    sortable_by = ()
    paginator = BoundedPaginator

    @column("Request")
    def shown_request(self, row: RequestLog) -> SafeString:
        return format_html(
            '<span class="om-title">{} <span class="om-mono">{}</span></span><span class="om-sub">{}</span>',
            row.method, row.path, row.service,
        )  # fmt: skip

    @column("Status", label={"2": "success", "3": "info", "4": "warning", "5": "danger"})
    def shown_status(self, row: RequestLog) -> tuple[str, str]:
        return str(row.status)[:1], f"{row.status} {row.flags}".strip()

    @column("Took")
    def took(self, row: RequestLog) -> str:
        return milliseconds(row.duration_us)

    @column("Trace")
    def shown_trace(self, row: RequestLog) -> SafeString:
        return format_html('<span class="om-mono" title="{}">{}…</span>', row.trace_id, row.trace_id[:8])

    def facts(self, request: HttpRequest, row: RequestLog) -> list[Fact]:
        return [
            Fact("Trace id", row.trace_id),
            Fact("At", row.at),
            Fact("Route", row.route or "none"),
            Fact("Request", f"{row.method} {row.path}"),
            Fact("Status", f"{row.status} {row.flags}".strip()),
            Fact("Why", row.details or "–"),
            Fact("Took", milliseconds(row.duration_us)),
            Fact("Of that, until the service's answer began", milliseconds(row.upstream_us)),
            Fact("Tries", row.attempts),
            Fact("Service", row.service or "–"),
            Fact("Instance", row.instance or "–"),
            Fact("Bytes in and out", f"{row.bytes_received:,} and {row.bytes_sent:,}"),
            Fact("User", row.user or "not proved"),
            Fact("Key", row.key or "–"),
            Fact("Organization", row.organization or "–"),
            Fact("Refused by a limit per", row.limited_by or "–"),
            Fact("Stands for", f"{row.weight / 1_000:g} requests"),
            Fact("Node", row.node),
        ]

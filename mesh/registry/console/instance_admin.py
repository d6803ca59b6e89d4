"""Instances in the console: where they are, how they are, and whether they drain."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter, TextFilter

from governance.access.console import SUPERUSER
from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, Fact, column, staff
from mesh.client.models import ServiceCall
from mesh.registry import circuits
from mesh.registry.console.columns import LABELS, badge, lease, service_link, state
from mesh.registry.console.deeds import ask_deed, instance_deeds
from mesh.registry.models import Instance
from opinion_market.kernel import clock

SHOWN = 25


class VersionFilter(TextFilter):  # type: ignore[misc]
    """By the version told when it registered."""

    title = "version"
    parameter_name = "version"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(version=self.value()) if self.value() else queryset


def _seen_as(row: Instance) -> dict[str, str]:
    """Which changes are its own: a socket has the same name on every node."""
    return {"instance": circuits.name_of(row), **({"node": row.node} if row.socket else {})}


def _called_at(row: Instance) -> dict[str, str]:
    """Which calls reached it: Envoy writes a socket with its whole path."""
    return {"instance__endswith": f"/{row.socket}", "node": row.node} if row.socket else {"instance": str(row)}


@admin.register(Instance)
class InstanceAdmin(ExportedPage):
    """Every instance of every service. Health is as Envoy finds it."""

    empty_text = "Instances register themselves over the API, or are registered on their service's page."
    view_permission = SUPERUSER
    organization_lookup = None
    page_template = "console/mesh/instance.html"
    list_display = (
        "shown_place",
        "shown_service",
        "shown_health",
        "shown_state",
        "shown_version",
        "shown_weight",
        "shown_lease",
    )
    list_filter = (
        ("service", RelatedDropdownFilter),
        ("service__type", ChoicesDropdownFilter),
        ("health", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        VersionFilter,
    )
    list_select_related = ("service__mesh",)
    search_fields = ("address", "node", "socket", "service__name")
    search_help_text = "A part of the address, of the node's or of the service's name"
    ordering = ("service__mesh__name", "service__name", "id")
    paginator = BoundedPaginator

    def get_urls(self) -> list[URLPattern]:
        deed = self.admin_site.admin_view(self.deed_view)
        return [path("<path:object_id>/<str:deed>/do/", deed, name="mesh_instance_deed"), *super().get_urls()]

    @column("Where", ordering="address")
    def shown_place(self, row: Instance) -> SafeString:
        return format_html('<span class="om-title om-mono">{}</span>', str(row))

    @column("Service", ordering="service__name")
    def shown_service(self, row: Instance) -> SafeString:
        return service_link(row.service)

    @column("Health", ordering="health", label=LABELS)
    def shown_health(self, row: Instance) -> tuple[str, str]:
        return badge(row.health)

    @column("State", ordering="state", label=LABELS)
    def shown_state(self, row: Instance) -> tuple[str, str]:
        return badge(row.state)

    @column("Version", ordering="version")
    def shown_version(self, row: Instance) -> str:
        return row.version

    @column("Weight", ordering="weight")
    def shown_weight(self, row: Instance) -> int:
        return row.weight

    @column("Lease", ordering="lease_until")
    def shown_lease(self, row: Instance) -> str:
        return lease(row, clock.now())

    def facts(self, request: HttpRequest, row: Instance) -> list[Fact]:
        metadata = ", ".join(f"{name}: {value}" for name, value in sorted(row.metadata.items())) or "–"
        return [
            Fact("Service", row.service.name, reverse("admin:mesh_service_change", args=[row.service_id])),
            Fact("Mesh", row.service.mesh.name),
            Fact("State", state(row.state)),
            Fact("Health", state(row.health)),
            Fact("Health since", row.health_since or "–"),
            Fact("Version", row.version),
            Fact("Weight", row.weight),
            Fact("Lease", lease(row, clock.now())),
            Fact("Node", row.node or "–"),
            Fact("Metadata", metadata),
            Fact("Registered", row.registered_at),
            Fact("Id", format_html('<span class="om-mono">{}</span>', row.pk)),
        ]

    def page_context(self, request: HttpRequest, row: Instance) -> dict[str, Any]:
        calls = ServiceCall.objects.filter(mesh=row.service.mesh.name, service=row.service.name, **_called_at(row))
        return {
            "title": f"{row} of {row.service}",
            "deeds": instance_deeds(row),
            "changes": circuits.history(staff(request), row.service_id).filter(**_seen_as(row))[:SHOWN],
            "calls": calls.order_by("-at", "-id")[:SHOWN],
        }

    def deed_view(self, request: HttpRequest, object_id: str, deed: str) -> HttpResponse:
        """Drain, resume or deregister."""
        row: Instance | None = self.row_or_none(request, object_id)
        if row is None:
            raise Http404
        return ask_deed(request, page=self, instance=row, name=deed)

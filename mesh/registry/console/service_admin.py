"""Services in the console: their policy, instances, circuit breakers and calls."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from governance.access.asking import Question, ask
from governance.access.console import SUPERUSER
from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, PageLink, column, staff
from mesh.client.models import ServiceCall
from mesh.registry import services
from mesh.registry.console import mesh_pages, service_page
from mesh.registry.console.asking import ServiceDeeds
from mesh.registry.console.columns import LABELS, badge
from mesh.registry.console.forms import ServiceForm
from mesh.registry.graph import WINDOW
from mesh.registry.models import Service
from mesh.registry.selectors import with_counts
from opinion_market.kernel import clock


@admin.register(Service)
class ServiceAdmin(ServiceDeeds, ExportedPage):
    """What is called through the mesh, and how."""

    empty_text = "A service is made when its first instance registers over the API, or here."
    view_permission = SUPERUSER
    organization_lookup = None
    page_template = "console/mesh/service.html"
    list_display = (
        "shown_name", "shown_type", "shown_health", "shown_instances", "load_balancing", "shown_calls", "shown_errors",
    )  # fmt: skip
    list_filter = (
        ("mesh", RelatedDropdownFilter),
        ("type", ChoicesDropdownFilter),
        ("protocol", ChoicesDropdownFilter),
    )
    list_select_related = ("mesh",)
    search_fields = ("name", "description")
    ordering = ("mesh__name", "name")
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        recent = ServiceCall.objects.filter(
            mesh=OuterRef("mesh__name"), service=OuterRef("name"), at__gte=clock.now() - WINDOW
        )
        rows: QuerySet[Any] = with_counts(super().get_queryset(request))
        annotated: QuerySet[Any] = rows.annotate(calls=_count(recent), errors=_count(recent.filter(status__gte=500)))
        return annotated

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("dashboard/", wrap(self.dashboard_view), name="mesh_service_dashboard"),
            path("graph/", wrap(self.graph_view), name="mesh_service_graph"),
            path("new/", wrap(self.new_view), name="mesh_service_new"),
            *self.deed_urls(),
        ]
        return own + list(super().get_urls())

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        new = PageLink("New service", reverse("admin:mesh_service_new"), "add", "primary")
        return [new, PageLink("Graph", reverse("admin:mesh_service_graph"), "hub"), *super().list_links(request)]

    @column("Service", ordering="name")
    def shown_name(self, row: Service) -> SafeString:
        return format_html(
            '<span class="om-title">{}</span><small class="om-sub">{}</small>',
            row.name,
            row.description or row.mesh.name,
        )

    @column("Type", ordering="type")
    def shown_type(self, row: Service) -> str:
        return row.get_type_display()

    @column("Health", label=LABELS)
    def shown_health(self, row: Any) -> tuple[str, str]:
        if not row.instance_count:
            return badge("unserved")
        return badge("unhealthy" if not row.serving_count else "degraded" if row.bad_count else "healthy")

    @column("Instances")
    def shown_instances(self, row: Any) -> str:
        return f"{row.serving_count} of {row.instance_count}"

    @column("Calls in 5 min")
    def shown_calls(self, row: Any) -> str:
        return f"{row.calls:,}"

    @column("Errors")
    def shown_errors(self, row: Any) -> str:
        return f"{row.errors / row.calls:.1%}" if row.calls else "–"

    def page_context(self, request: HttpRequest, row: Service) -> dict[str, Any]:
        return {**service_page.context(staff(request), row, request), "deeds": self.service_deeds(row)}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page; for its own polling only the part that lives."""
        if request.headers.get("HX-Request") and request.method == "GET":
            row: Service | None = self.row_or_none(request, object_id)
            if row is None:
                raise Http404
            context = {"row": row, **service_page.context(staff(request), row, request)}
            return TemplateResponse(request, "console/mesh/service_live.html", context)
        return super().change_view(request, object_id, form_url, extra_context)

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Register a service before its first instance."""
        self._require(request)
        question = Question(
            title="New service",
            button="Register it",
            consequences=[
                "Callers in the mesh reach it by its name once it has instances.",
                "It starts with the usual policy, which its page changes.",
            ],
            done="The service is registered.",
            back=reverse("admin:mesh_service_changelist"),
        )

        def act(given: Mapping[str, Any]) -> object:
            values = {name: given[name] for name in ("type", "protocol", "description")}
            return services.define_service(
                actor=staff(request), mesh=given["mesh"], name=given["name"], values=values, reason=given["reason"],
                now=clock.now(),
            )  # fmt: skip

        return ask(request, page=self, question=question, form=ServiceForm(request.POST or None), act=act)

    def dashboard_view(self, request: HttpRequest) -> HttpResponse:
        """The whole mesh at a glance."""
        self._require(request)
        return mesh_pages.dashboard(self, request, clock.now())

    def graph_view(self, request: HttpRequest) -> HttpResponse:
        """Who calls whom."""
        self._require(request)
        return mesh_pages.graph(self, request, clock.now())

    def _require(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _count(calls: QuerySet[ServiceCall]) -> Coalesce:
    """How many there are, as a subquery of its own."""
    counted = calls.order_by().values("service").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)

"""Resilience scores in the console: how services stood their experiments."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export import resources
from unfold.contrib.filters.admin import RangeDateTimeFilter

from governance.access.console import SUPERUSER
from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, Fact, column, staff
from mesh.chaos import selectors
from mesh.chaos.fault_models import ResilienceScore


class ScoreExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = ResilienceScore
        fields = ("service", "run__experiment__name", "run", "run_score", "score", "at")


@admin.register(ResilienceScore)
class ResilienceScoreAdmin(ExportedPage):
    """How services stood their experiments, and how each one's score went on."""

    empty_text = "Each run that was measured gives its service a score from 0 to 100."
    view_permission = SUPERUSER
    organization_lookup = None
    resource_classes = (ScoreExport,)
    page_template = "mesh/chaos/score.html"
    list_display = ("shown_service", "shown_score", "shown_run_score", "shown_experiment", "at")
    list_filter = (("at", RangeDateTimeFilter),)
    list_select_related = ("run__experiment",)
    search_fields = ("service", "run__experiment__name")
    search_help_text = "Service or name of the experiment"
    ordering = ("-at", "-id")
    paginator = BoundedPaginator

    @column("Service", ordering="service")
    def shown_service(self, row: ResilienceScore) -> SafeString:
        return format_html('<span class="om-title">{}</span>', row.service)

    @column("Score after it", ordering="score")
    def shown_score(self, row: ResilienceScore) -> SafeString:
        return format_html('<span class="om-num">{}</span>', f"{row.score:.1f}")

    @column("The run's own", ordering="run_score")
    def shown_run_score(self, row: ResilienceScore) -> SafeString:
        return format_html('<span class="om-num">{}</span>', f"{row.run_score:.1f}")

    @column("Experiment")
    def shown_experiment(self, row: ResilienceScore) -> SafeString:
        address = reverse("admin:mesh_experiment_change", args=[row.run.experiment_id])
        return format_html('<a class="om-link om-clip" href="{}">{}</a>', address, row.run.experiment)

    def facts(self, request: HttpRequest, row: ResilienceScore) -> list[Fact]:
        run = row.run
        return [
            Fact("Score after this run", f"{row.score:.1f}"),
            Fact("The run's own score", f"{row.run_score:.1f}"),
            Fact("Experiment", self.shown_experiment(row)),
            Fact("Run", run.started_at),
            Fact("The hypothesis held", {True: "yes", False: "no"}.get(bool(run.hypothesis_held))),
            Fact("Recovered after", "never" if run.recovery_ms is None else f"{run.recovery_ms} ms"),
            *(Fact(name.capitalize(), f"{value:.2f} of 1") for name, value in run.score_parts.items()),
        ]

    def page_context(self, request: HttpRequest, row: ResilienceScore) -> dict[str, Any]:
        history = selectors.score_history(staff(request), row.service)
        return {"title": row.service, "history": history}

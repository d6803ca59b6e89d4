"""Experiments in the console: described, approved, run, watched, stopped; and the switch that stops all."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export import resources
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.console import SUPERUSER
from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, Fact, PageLink, column, staff
from mesh.chaos import selectors, services
from mesh.chaos.fault_models import InjectedFault
from mesh.chaos.forms import ExperimentForm
from mesh.chaos.models import Experiment, Run
from mesh.chaos.report import chart_of, file_name, report_html, rows_of, run_for, verdicts_of
from mesh.chaos.templates import TEMPLATES
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError

STATE_COLOURS = {
    "draft": "",
    "awaiting_approval": "info",
    "approved": "primary",
    "running": "warning",
    "completed": "success",
    "stopped": "danger",
    "failed": "danger",
}
RUNS_SHOWN = 20
State = Experiment.State


class ExperimentExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Experiment
        fields = (
            "id", "name", "service", "route", "percent", "duration_s", "state", "created_by__username", "created_at",
            "approved_by__username", "approved_at", "starts_at", "repeat_s", "hypothesis", "method", "safety",
        )  # fmt: skip


def _name(page: str) -> str:
    return f"mesh_experiment_{page}"


@admin.register(Experiment)
class ExperimentAdmin(ExportedPage):
    """The list, an experiment's page with its live chart, and everything that is done to experiments."""

    empty_text = "An experiment makes a claim about a service and tests it with faults. Begin with a template."
    view_permission = SUPERUSER
    organization_lookup = None
    resource_classes = (ExperimentExport,)
    page_template = "mesh/chaos/experiment.html"
    list_display = ("shown_name", "shown_state", "target", "share", "created_by", "starts_at", "created_at")
    list_filter = (("state", ChoicesDropdownFilter), ("created_at", RangeDateTimeFilter))
    list_select_related = ("created_by",)
    search_fields = ("name", "service", "route", "=id")
    search_help_text = "Name, service, route or id"
    ordering = ("-id",)
    paginator = BoundedPaginator

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        deeds = [
            path(f"<path:object_id>/{name}/", view(self.deed_view), {"deed": name}, name=_name(name))
            for name in ("submit", "approve", "run", "stop")
        ]
        return [
            path("templates/", view(self.templates_view), name=_name("templates")),
            path("new/", view(self.new_view), name=_name("new")),
            path("kill-switch/", view(self.switch_view), name=_name("kill_switch")),
            *deeds,
            path("<path:object_id>/live/", view(self.live_view), name=_name("live")),
            path("<path:object_id>/report/", view(self.report_view), name=_name("report")),
            *super().get_urls(),
        ]

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        engaged = selectors.engaged_switch() is not None
        switch = "Release the kill switch" if engaged else "Kill switch"
        return [
            *super().list_links(request),
            PageLink("Templates", reverse(f"admin:{_name('templates')}"), "library_books"),
            PageLink("New experiment", reverse(f"admin:{_name('new')}"), "add", "primary"),
            PageLink(switch, reverse(f"admin:{_name('kill_switch')}"), "emergency_home", "danger"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; while the kill switch is engaged it says so."""
        switch = selectors.engaged_switch()
        if switch is not None and request.method == "GET":
            messages.warning(request, f"The kill switch is engaged: nothing runs. {switch.engaged_by}: {switch.reason}")
        return super().changelist_view(request, extra_context)

    @column("Name", ordering="name")
    def shown_name(self, row: Experiment) -> SafeString:
        return format_html('<span class="om-title">{}</span>', row.name)

    @column("State", ordering="state", label=STATE_COLOURS)
    def shown_state(self, row: Experiment) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @column("Target")
    def target(self, row: Experiment) -> str:
        return row.target

    @column("Share")
    def share(self, row: Experiment) -> str:
        return f"{row.percent:g}%" + (f" with {row.header}" if row.header else "")

    def facts(self, request: HttpRequest, row: Experiment) -> list[Fact]:
        measured = f"{row.probe_rate}/s to {row.probe_path}" if row.source == "probe" else "the service's calls"
        approval = "not needed: in a sandbox" if row.is_sandbox else (row.approved_by or "nobody yet")
        return [
            Fact("Target", row.target),
            Fact("Share of requests", self.share(row)),
            Fact("Duration", f"{row.duration_s} s"),
            Fact("Baseline and recovery", f"{row.baseline_s} s and {row.recovery_s} s"),
            Fact("Measured by", measured),
            Fact("Safety rules look back", f"{row.safety_window_ms} ms"),
            Fact("Described by", row.created_by),
            Fact("Approved by", approval),
            Fact("Runs at", row.starts_at or "when it is asked to"),
            Fact("Again after", f"{row.repeat_s} s" if row.repeat_s else "–"),
        ]

    def page_context(self, request: HttpRequest, row: Experiment) -> dict[str, Any]:
        parts = [
            (name, json.dumps(json.loads(getattr(row, name)), indent=2)) for name in ("hypothesis", "method", "safety")
        ]
        runs = Run.objects.filter(experiment=row).order_by("-id")
        return {
            "title": row.name,
            "experiment": row,
            "state_colour": STATE_COLOURS[row.state],
            "deeds": self._deeds(row),
            "parts": [(name.capitalize(), text) for name, text in parts],
            "page": BoundedPaginator(runs, RUNS_SHOWN).get_page(request.GET.get("page")),
            **self._live(row),
        }

    def _live(self, row: Experiment) -> dict[str, Any]:
        run = selectors.last_run(row)
        live: dict[str, Any] = {
            "row": row,
            "run": run,
            "is_waiting": row.state == State.APPROVED and bool(row.starts_at),
        }
        if run is not None:
            run.experiment = row
            faults = InjectedFault.objects.filter(run=run).order_by("id")
            live |= {"chart": chart_of(run), "rows": rows_of(run), "verdicts": verdicts_of(run), "faults": faults}
        return live

    def _deeds(self, row: Experiment) -> list[PageLink]:
        def link(name: str) -> str:
            return reverse(f"admin:{_name(name)}", args=[row.pk])

        found = []
        if row.state in {State.DRAFT, State.STOPPED, State.FAILED}:
            found.append(PageLink("Ask for approval", link("submit"), "send", "primary"))
        if row.state == State.AWAITING:
            found.append(PageLink("Approve", link("approve"), "verified", "primary"))
        if row.state in {State.APPROVED, State.COMPLETED}:
            found.append(PageLink("Run", link("run"), "play_arrow", "primary"))
        if row.state in {State.RUNNING, State.APPROVED, State.AWAITING}:
            found.append(PageLink("Stop", link("stop"), "stop", "danger"))
        if Run.objects.filter(experiment=row).exists():
            found.append(PageLink("Report", link("report"), "download"))
        return found

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of the page that changes while it runs; the page asks for it each second."""
        row = self._row(request, object_id)
        return self.rendered(request, "mesh/chaos/live.html", self._live(row))

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The report of a run as a file."""
        row = self._row(request, object_id)
        try:
            run = run_for(row, None)
        except DomainError as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(reverse("admin:mesh_experiment_change", args=[row.pk]))
        response = HttpResponse(report_html(run), content_type="text/html; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{file_name(run)}"'
        return response

    def templates_view(self, request: HttpRequest) -> HttpResponse:
        """Ready-made experiments."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.rendered(request, "mesh/chaos/templates.html", {"title": "Templates", "templates": TEMPLATES})

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Describe an experiment, from nothing or from a template."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        template = TEMPLATES.get(request.GET.get("template", ""))
        initial = dict(template.fields) if template else {"hypothesis": [], "method": [], "safety": []}
        form = ExperimentForm(request.POST or None, initial=initial, services=sorted(services.checker().services))
        question = Question(
            title=template.title if template else "New experiment",
            button="Write it down",
            consequences=[
                "Nothing happens yet. In a mesh called sandbox it can be run at once; elsewhere somebody else approves it first.",
                "When it runs, real requests of the target meet its faults, in the share and for the time given here.",
            ],
            done="The experiment is written down.",
            back=reverse("admin:mesh_experiment_changelist"),
        )

        def act(given: Mapping[str, Any]) -> object:
            return services.create_experiment(actor=staff(request), draft=form.draft(), now=clock.now())

        return ask(request, page=self, question=question, form=form, act=act)

    def switch_view(self, request: HttpRequest) -> HttpResponse:
        """Stop everything, or let it go on."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        engaged = selectors.engaged_switch() is not None
        standing = selectors.standing(staff(request))
        throw = services.release_kill_switch if engaged else services.engage_kill_switch
        question = Question(
            title="Release the kill switch" if engaged else "Engage the kill switch",
            button="Release it" if engaged else "Stop everything",
            consequences=["Experiments may run again. Those that were due meanwhile do not run."]
            if engaged
            else ["Every fault is off within a second, and every run ends.", "Nothing runs until it is released."],
            facts=[Fact("Running", len(standing.running)), Fact("Faults that are on", len(standing.faults))],
            done="It is released." if engaged else "Everything is stopped.",
            back=reverse("admin:mesh_experiment_changelist"),
            is_dangerous=not engaged,
        )

        def act(given: Mapping[str, Any]) -> object:
            return throw(actor=staff(request), reason=given["reason"], now=clock.now())

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)

    def deed_view(self, request: HttpRequest, object_id: str, deed: str) -> HttpResponse:
        """Submit, approve, run or stop."""
        row = self._row(request, object_id)
        title, button, consequence, done = _DEEDS[deed]
        question = Question(
            title=f"{title}: {row.name}",
            button=button,
            consequences=[consequence],
            facts=self.facts(request, row)[:3],
            done=done,
            back=reverse("admin:mesh_experiment_change", args=[row.pk]),
            is_dangerous=deed == "stop",
        )

        def act(given: Mapping[str, Any]) -> object:
            reason = {"reason": given["reason"]} if deed in {"approve", "stop"} else {}
            service: Callable[..., object] = getattr(services, f"{deed}_experiment")
            return service(actor=staff(request), experiment_id=row.pk, now=clock.now(), **reason)

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)

    def _row(self, request: HttpRequest, object_id: str) -> Experiment:
        row: Experiment | None = self.row_or_none(request, object_id)
        if row is None:
            raise Http404
        return row


# By deed: its title, its button, what it does, and what is said afterwards.
_DEEDS = {
    "submit": ("Ask for approval", "Ask", "Somebody else may approve it then.", "It awaits approval."),
    "approve": (
        "Approve", "Approve", "It may be run, and its schedule counts. Whoever described it cannot approve it.", "It is approved.",
    ),
    "run": ("Run", "Run it now", "Its baseline is measured, then its faults strike real requests.", "It begins within a second."),
    "stop": ("Stop", "Stop it", "Its faults are off at once. One that waits is called off.", "It is stopped."),
}  # fmt: skip

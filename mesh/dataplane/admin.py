"""Configurations and nodes in the console: what changed, by whom, where it runs; and the way back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import BoundedPaginator, Fact, PageLink, ReadOnlyPage, column, staff
from mesh.dataplane.models import ConfigSnapshot, Node
from mesh.dataplane.selectors import changed_by
from mesh.dataplane.services import roll_back
from mesh.operators import is_operator
from opinion_market.kernel import clock

# A node reports every second.
_SILENT_AFTER = timedelta(seconds=10)


def snapshot_link(number: int | None) -> SafeString | str:
    if number is None:
        return "none yet"
    address = reverse("admin:mesh_configsnapshot_change", args=[number])
    return format_html('<a class="om-link" href="{}">Configuration {}</a>', address, number)


@admin.register(ConfigSnapshot)
class ConfigSnapshotAdmin(ReadOnlyPage):
    """Every configuration that was published to Envoy, with what it changed."""

    empty_text = "The first configuration is made when the platform starts."
    view_permission = "system.admin"
    organization_lookup = None
    page_template = "console/mesh/configuration.html"
    list_display = ("number", "made_at", "cause", "reason", "person", "shown_state")
    list_filter = (("cause", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter), ("made_at", RangeDateTimeFilter))
    search_fields = ("=id", "reason", "made_by__username")
    search_help_text = "Number, reason or user name"
    ordering = ("-id",)
    sortable_by = ()
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("made_by").defer("rows")
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("changelist")
        return rows.defer("rows", "resources") if is_list else rows

    def get_urls(self) -> list[URLPattern]:
        restore = self.admin_site.admin_view(self.restore_view)
        return [path("<path:object_id>/restore/", restore, name="mesh_configsnapshot_restore"), *super().get_urls()]

    @column("Configuration")
    def number(self, row: ConfigSnapshot) -> str:
        return str(row.pk)

    @column("By")
    def person(self, row: ConfigSnapshot) -> str:
        return row.made_by.username if row.made_by is not None else "the platform"

    @column("State", label={"live": "success", "pending": "warning", "replaced": "info", "refused by a node": "danger"})
    def shown_state(self, row: ConfigSnapshot) -> str:
        return row.get_state_display().lower()

    def facts(self, request: HttpRequest, row: ConfigSnapshot) -> list[Fact]:
        facts = [
            Fact("Made", row.made_at),
            Fact("By", self.person(row)),
            Fact("Cause", row.get_cause_display()),
            Fact("Reason", row.reason or "none given"),
            Fact("State", row.get_state_display()),
            Fact("Size", filesizeformat(len(row.resources))),
            Fact("Digest", format_html('<span class="om-mono">{}</span>', row.digest)),
        ]
        if row.restores_id is not None:
            facts.insert(3, Fact("Restores", snapshot_link(row.restores_id)))
        return facts

    def page_context(self, request: HttpRequest, row: ConfigSnapshot) -> dict[str, Any]:
        restore = reverse("admin:mesh_configsnapshot_restore", args=[row.pk])
        is_newest = not ConfigSnapshot.objects.filter(pk__gt=row.pk).exists()
        refusal = "This is the newest configuration." if is_newest else ""
        return {
            "differences": changed_by(row),
            "acknowledgements": row.acknowledgements.select_related("node").order_by("node"),
            "deeds": [PageLink("Go back to this", restore, "undo", "primary", refusal)],
        }

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, and go back to this configuration."""
        row: ConfigSnapshot | None = self.row_or_none(request, object_id)
        if row is None:
            raise Http404
        if not is_operator(staff(request)):
            raise PermissionDenied
        back = reverse("admin:mesh_configsnapshot_changelist")

        def act(values: Mapping[str, Any]) -> None:
            roll_back(actor=staff(request), snapshot_id=row.pk, reason=values["reason"], now=clock.now())

        question = Question(
            title=f"Go back to configuration {row.pk}?",
            button="Go back to it",
            consequences=[
                "Services, routes, limits and policies become what they were then; instances stay those of today.",
                "Envoy is asked first. If it refuses, nothing changes.",
                "It becomes a new configuration, so that this step can be taken back in the same way.",
            ],
            done=f"Configuration {row.pk} is wanted again; its nodes take it within a second.",
            back=back,
            facts=[Fact("Made", row.made_at), Fact("Reason then", row.reason or "none given")],
            is_dangerous=True,
        )
        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)


@admin.register(Node)
class NodeAdmin(ReadOnlyPage):
    """Hosts with an Envoy: which configuration each of them runs."""

    empty_text = "A host appears here when `manage.py run_mesh` has run on it for a second."
    view_permission = "system.admin"
    organization_lookup = None
    list_display = ("name", "shown_state", "shown_snapshot", "memory", "envoy_version", "last_seen_at", "trouble")
    search_fields = ("name",)
    ordering = ("name",)
    sortable_by = ()

    @column("State", label={"live": "success", "silent": "danger", "Envoy away": "danger", "behind": "warning"})
    def shown_state(self, row: Node) -> str:
        if clock.now() - row.last_seen_at > _SILENT_AFTER:
            return "silent"
        if not row.is_envoy_live:
            return "Envoy away"
        return "live" if row.snapshot_id is not None else "behind"

    @column("Runs")
    def shown_snapshot(self, row: Node) -> SafeString | str:
        return snapshot_link(row.snapshot_id)

    @column("Memory")
    def memory(self, row: Node) -> str:
        return str(filesizeformat(row.memory_bytes)) if row.memory_bytes else "unknown"

    def facts(self, request: HttpRequest, row: Node) -> list[Fact]:
        return [
            Fact("State", self.shown_state(row)),
            Fact("Runs", snapshot_link(row.snapshot_id)),
            Fact("Since", row.acknowledged_at or "not yet"),
            Fact("Last report", f"{timesince(row.last_seen_at, clock.now())} ago"),
            Fact("First seen", row.first_seen_at),
            Fact("Envoy", row.envoy_version or "unknown"),
            Fact("Envoy's memory", self.memory(row)),
            Fact("Trouble", row.trouble or "none"),
        ]

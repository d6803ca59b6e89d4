"""The event store in the console: events, and streams with their chains. Read-only to everybody."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter, TextFilter

from governance.access.pages import (
    BoundedPaginator,
    Fact,
    OrganizationFilter,
    ReadOnlyPage,
    column,
    organizations_in,
    staff,
)
from governance.audit.chain_checks import check_chain, last_check
from governance.audit.proved_page import ProvedPage
from governance.identity.models import User
from governance.organizations.models import Organization
from opinion_market.eventstore import selectors
from opinion_market.eventstore.hashing import canonical_json, event_hash
from opinion_market.eventstore.models import Event, EventStatistic, StreamSummary
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError

LONGEST_SEARCH_MS = 5_000


def stream_link(stream: str) -> SafeString:
    """A stream by its name, shortened in the middle."""
    kind, _, rest = stream.partition("-")
    shown = f"{kind}-{rest[:8]}…{rest[-4:]}" if len(rest) > 16 else stream
    address = reverse("admin:eventstore_streamsummary_change", args=[stream])
    return format_html('<a class="om-link om-mono" href="{}" title="{}">{}</a>', address, stream, shown)


def _mono(text: str) -> SafeString:
    return format_html('<span class="om-mono">{}</span>', text)


class StreamPrefixFilter(TextFilter):  # type: ignore[misc]
    """By the beginning of the stream's name, which an index serves."""

    title = "beginning of the stream's name"
    parameter_name = "stream"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(stream__startswith=self.value()) if self.value() else queryset


class EventTypeFilter(DropdownFilter):  # type: ignore[misc]
    """By type, offering those that have happened in the user's organizations."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        counted = EventStatistic.objects.all()
        scope = organizations_in(request, "system.audit")
        if scope is not None:
            counted = counted.filter(organization_id__in=scope)
        types = counted.order_by("type").values_list("type", flat=True).distinct()
        return [(name, name) for name in types]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):  # type: ignore[misc]
    """Streams by kind."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = model_admin.get_queryset(request).order_by("kind").values_list("kind", flat=True).distinct()
        return [(kind, kind.capitalize()) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ProvedPage):
    """Every fact in the store's order, newest first. Give a stream where you can: types are looked for event by event."""

    view_permission = "system.audit"
    page_template = "console/event.html"
    list_display = ("recorded_at", "shown_type", "shown_stream", "version", "actor", "position")
    list_filter = (EventTypeFilter, StreamPrefixFilter, ("recorded_at", RangeDateTimeFilter))
    search_fields = ("stream",)
    search_help_text = "Name of a stream, an id within one, or a position"
    ordering = ("-transaction_id", "-position")
    sortable_by = ()
    paginator = BoundedPaginator

    def within(self, rows: QuerySet[Any], organization_ids: Sequence[UUID]) -> QuerySet[Any]:
        theirs = selectors.streams(organizations=organization_ids).order_by()
        return rows.filter(stream__in=theirs.values("stream"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(position=int(term)), False
        known = StreamSummary.objects.filter(stream__contains=term).values_list("stream", flat=True)
        return queryset.filter(stream__in=list(known[:200])), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; a search that would read through the whole store is given up after LONGEST_SEARCH_MS."""
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LONGEST_SEARCH_MS)])
                response = super().changelist_view(request, extra_context)
                if hasattr(response, "render"):
                    response.render()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('statement_timeout', '0', true)")
                return response
        except OperationalError:
            messages.warning(request, "That search takes too long. Name a stream, or shorten the time.")
            return HttpResponseRedirect(reverse("admin:eventstore_event_changelist"))

    @column("Type")
    def shown_type(self, event: Event) -> SafeString:
        return format_html('<span class="om-title">{}</span>', event.type)

    @column("Stream")
    def shown_stream(self, event: Event) -> SafeString:
        return stream_link(event.stream)

    @column("Actor")
    def actor(self, event: Event) -> SafeString | str:
        actor = str(event.metadata.get("actor") or "")
        return format_html('<span class="om-mono" title="{}">{}</span>', actor, actor[:8]) if actor else "platform"

    def page_context(self, request: HttpRequest, row: Event) -> dict[str, Any]:
        recomputed = event_hash(
            bytes(row.previous_hash),
            stream=row.stream,
            version=row.version,
            type=row.type,
            schema_version=row.schema_version,
            at_us=clock.microseconds(row.recorded_at),
            data=canonical_json(row.data),
            metadata=canonical_json(row.metadata),
        )
        neighbours = Event.objects.filter(stream=row.stream, version__in=[row.version - 1, row.version + 1])
        beside = dict(neighbours.values_list("version", "position"))
        return {
            **self.proof_context(row),
            "title": f"{row.type} #{row.version}",
            "hash_is_right": recomputed == bytes(row.hash),
            "data": json.dumps(row.data, indent=2, ensure_ascii=False),
            "metadata": json.dumps(row.metadata, indent=2, ensure_ascii=False),
            "earlier": beside.get(row.version - 1),
            "later": beside.get(row.version + 1),
        }

    def facts(self, request: HttpRequest, row: Event) -> list[Fact]:
        actor = User.objects.filter(pk=row.metadata.get("actor")).first() if row.metadata.get("actor") else None
        return [
            Fact("Stream", stream_link(row.stream)),
            Fact("Version in the stream", row.version),
            Fact("Position in the store", row.position),
            Fact("Recorded", row.recorded_at),
            Fact("Actor", actor or row.metadata.get("actor") or "platform"),
            Fact("Correlation", row.metadata.get("correlation_id") or "–"),
            Fact("Schema version", row.schema_version),
            Fact("Transaction", row.transaction_id),
            Fact("Previous hash", _mono(bytes(row.previous_hash).hex())),
            Fact("Hash", _mono(bytes(row.hash).hex())),
        ]


@admin.register(StreamSummary)
class StreamAdmin(ReadOnlyPage):
    """What streams there are. A stream's page recomputes its hash chain when asked."""

    empty_text = "A stream begins with its first event, and shows here a moment later."
    view_permission = "system.audit"
    organization_lookup = "organization_id"
    page_template = "console/stream.html"
    list_display = ("stream", "kind", "organization", "version", "last_type", "last_recorded_at")
    list_filter = (KindFilter, OrganizationFilter)
    search_fields = ("stream",)
    ordering = ("-last_recorded_at", "stream")
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        names = Organization.objects.filter(pk=OuterRef("organization_id")).values("name")
        rows: QuerySet[Any] = super().get_queryset(request)
        named: QuerySet[Any] = rows.annotate(organization_name=Subquery(names))
        return named

    def get_urls(self) -> list[URLPattern]:
        verify = self.admin_site.admin_view(self.verify_view)
        return [path("<path:object_id>/verify/", verify, name="eventstore_streamsummary_verify"), *super().get_urls()]

    @column("Organization")
    def organization(self, summary: Any) -> str:
        return str(summary.organization_name or "platform")

    def facts(self, request: HttpRequest, row: Any) -> list[Fact]:
        return [
            Fact("Organization", self.organization(row)),
            Fact("Kind", row.kind),
            Fact("Events", f"{row.version:,}"),
            Fact("First", row.first_recorded_at),
            Fact("Last", row.last_recorded_at),
            Fact("Last type", row.last_type),
        ]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        state = selectors.stream_state(organizations=None, stream=row.stream)
        events = Event.objects.filter(stream=row.stream).order_by("-version")
        return {
            "title": row.stream,
            "check": last_check(row.stream),
            "verify_address": reverse("admin:eventstore_streamsummary_verify", args=[row.stream]),
            "by_type": sorted(state.events_by_type.items(), key=lambda pair: (-pair[1], pair[0])),
            "snapshots": state.snapshots,
            "page": BoundedPaginator(events, 25).get_page(request.GET.get("page")),
        }

    def verify_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Recompute the chain now, and say what was found."""
        summary: StreamSummary | None = self.row_or_none(request, object_id)
        if summary is None:
            raise Http404
        if request.method != "POST":
            raise PermissionDenied
        try:
            check = check_chain(actor=staff(request), summary=summary, now=clock.now())
        except DomainError as refused:
            messages.error(request, refused.message)
        else:
            if check.intact:
                messages.success(request, f"The chain of {check.events:,} events is intact.")
            else:
                messages.error(request, "The chain is broken. " + " ".join(check.findings))
        return HttpResponseRedirect(reverse("admin:eventstore_streamsummary_change", args=[summary.stream]))

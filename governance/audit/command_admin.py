"""Commands and processes in the console."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateTimeFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import BoundedPaginator, Fact, OrganizationFilter, PageLink, ReadOnlyPage, column, staff
from governance.access.per_request import access_for
from governance.audit.event_store_admin import stream_link
from governance.identity.models import User
from opinion_market.eventstore import command_queue, commands, process_types
from opinion_market.eventstore.aggregates import as_of
from opinion_market.eventstore.commands import Processed
from opinion_market.eventstore.models import Event, Process, QueuedCommand
from opinion_market.kernel import clock

COMMAND_COLOURS = {"queued": "info", "running": "warning", "succeeded": "success", "failed": "danger", "cancelled": ""}
PROCESS_COLOURS = {
    "running": "info", "compensating": "warning", "completed": "success", "compensated": "warning", "stuck": "danger",
}  # fmt: skip


def give(request: HttpRequest, name: str, **values: Any) -> Processed:
    """Carry out one of the event store's own commands for the user at the console. Raises what it refuses."""
    actor, command = staff(request), commands.named(name)
    commands.authorise(actor, command)
    return commands.process(command=command, actor=actor, input=commands.parse(command, values), now=clock.now())


def pretty(value: object) -> SafeString:
    """JSON, indented."""
    return format_html('<pre class="om-mono">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def person(user_id: UUID) -> str:
    """A user by name; the id of one that is gone."""
    return str(User.objects.filter(pk=user_id).first() or user_id)


class CommandNameFilter(DropdownFilter):  # type: ignore[misc]
    """By command, offering all there are."""

    title = "command"
    parameter_name = "command"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(command.name, command.name) for command in commands.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(command=self.value()) if self.value() else queryset


@admin.register(QueuedCommand)
class CommandAdmin(ReadOnlyPage):
    """Commands given for later, and those of the exchange given over the API: one's own; everybody's for superusers."""

    empty_text = "Commands that were given for later over the API are listed here, with what became of them."
    organization_lookup = None
    list_display = ("created_at", "shown_command", "shown_state", "attempts", "started_at", "finished_at", "why")
    list_filter = (("state", ChoicesDropdownFilter), CommandNameFilter, ("created_at", RangeDateTimeFilter))
    search_fields = ("=id",)
    search_help_text = "Id of a command"
    ordering = ("-id",)
    paginator = BoundedPaginator

    def permits(self, request: HttpRequest, permission: str | None, obj: Any = None) -> bool:
        """Staff see their own."""
        return request.user.is_staff and (obj is None or self._sees(request, obj))

    def _sees(self, request: HttpRequest, row: QueuedCommand) -> bool:
        return access_for(request).everything or row.actor_id == request.user.pk

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        whose = None if access_for(request).everything else staff(request).pk
        return command_queue.commands_of(whose).order_by("-id")

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [
            path("<path:object_id>/cancel/", cancel, name="eventstore_queuedcommand_cancel"),
            *super().get_urls(),
        ]

    @column("Command")
    def shown_command(self, row: QueuedCommand) -> SafeString:
        return format_html(
            '<span class="om-title">{}</span><span class="om-sub om-mono">{}</span>', row.command, row.pk
        )

    @column("State", label=COMMAND_COLOURS)
    def shown_state(self, row: QueuedCommand) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @column("Why it failed")
    def why(self, row: QueuedCommand) -> str:
        return str((row.problem or {}).get("message") or row.last_error or "–")

    def facts(self, request: HttpRequest, row: QueuedCommand) -> list[Fact]:
        ranges = command_queue.appended_ranges(row)
        streams = ", ".join(f"{each.stream} #{each.first_version}–{each.last_version}" for each in ranges)
        return [
            Fact("State", row.get_state_display()),
            Fact("Given by", person(row.actor_id)),
            Fact("Given", row.created_at),
            Fact("First attempt", row.started_at or "–"),
            Fact("Ended", row.finished_at or "–"),
            Fact("Attempts", row.attempts),
            Fact("Input", pretty(row.input)),
            Fact("Result", pretty(row.result) if row.result is not None else "–"),
            Fact("Problem", pretty(row.problem) if row.problem is not None else row.last_error or "–"),
            Fact("Events", streams or "–"),
            Fact("Correlation of its request", row.correlation_id),
            Fact("Id, and correlation of its events", row.pk),
        ]

    def page_context(self, request: HttpRequest, row: QueuedCommand) -> dict[str, Any]:
        deeds = []
        if row.state == QueuedCommand.State.QUEUED and not row.attempts:
            link = reverse("admin:eventstore_queuedcommand_cancel", args=[row.pk])
            deeds.append(PageLink("Cancel", link, "cancel", tone="danger"))
        return {"title": row.command, "deeds": deeds}

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take back a command that nobody has begun."""
        row: QueuedCommand | None = self.row_or_none(request, object_id)
        if row is None:
            raise Http404
        question = Question(
            title=f"Cancel: {row.command}",
            button="Cancel the command",
            consequences=["The command is not carried out.", "One that has begun meanwhile is not cancelled."],
            done="The command is cancelled.",
            back=reverse("admin:eventstore_queuedcommand_change", args=[row.pk]),
            is_dangerous=True,
        )

        def act(given: Mapping[str, Any]) -> object:
            return command_queue.cancel(actor_id=None, command_id=row.pk, now=clock.now())

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)


class ProcessNameFilter(DropdownFilter):  # type: ignore[misc]
    """By process, offering all there are."""

    title = "process"
    parameter_name = "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.name, each.name) for each in process_types.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(name=self.value()) if self.value() else queryset


@admin.register(Process)
class ProcessAdmin(ReadOnlyPage):
    """Work of several steps, and what was undone of it. One that is stuck waits for a superuser."""

    empty_text = "Work of several steps that is undone as a whole if one fails; started over the API."
    view_permission = "system.audit"
    organization_lookup = "organization_id"
    page_template = "console/process.html"
    list_display = ("started_at", "shown_name", "shown_state", "step", "attempts", "updated_at", "why")
    list_filter = (("state", ChoicesDropdownFilter), ProcessNameFilter, OrganizationFilter)
    search_fields = ("=id",)
    search_help_text = "Id of a process"
    ordering = ("-id",)
    paginator = BoundedPaginator

    def get_urls(self) -> list[URLPattern]:
        retry = self.admin_site.admin_view(self.retry_view)
        return [path("<path:object_id>/retry/", retry, name="eventstore_process_retry"), *super().get_urls()]

    @column("Process")
    def shown_name(self, row: Process) -> SafeString:
        return format_html('<span class="om-title">{}</span><span class="om-sub om-mono">{}</span>', row.name, row.pk)

    @column("State", label=PROCESS_COLOURS)
    def shown_state(self, row: Process) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @column("What was refused")
    def why(self, row: Process) -> str:
        return str((row.problem or {}).get("message") or "–")

    def facts(self, request: HttpRequest, row: Process) -> list[Fact]:
        return [
            Fact("State", row.get_state_display()),
            Fact("Acts for", person(row.actor_id)),
            Fact("Started", row.started_at),
            Fact("Last step", row.updated_at),
            Fact(
                "Next", f"{'undo ' if row.state == Process.State.COMPENSATING else ''}{row.step}" if row.step else "–"
            ),
            Fact("Attempts at it", row.attempts),
            Fact("What was refused", pretty(row.problem) if row.problem else "–"),
            Fact("Stream", stream_link(row.stream)),
        ]

    def page_context(self, request: HttpRequest, row: Process) -> dict[str, Any]:
        state = as_of(stream=row.stream, head=row.version).loaded.state
        deeds = []
        if row.state == Process.State.STUCK and access_for(request).everything:
            deeds.append(
                PageLink("Retry", reverse("admin:eventstore_process_retry", args=[row.pk]), "replay", "primary")
            )
        names = [step.name for step in process_types.named(row.name).steps]
        events = Event.objects.filter(stream=row.stream).order_by("-version")
        return {
            "title": row.name,
            "deeds": deeds,
            "steps": [(name, state["steps"].get(name, {}).get("state", "waiting")) for name in names],
            "input": json.dumps(state["input"], indent=2),
            "page": BoundedPaginator(events, 50).get_page(request.GET.get("page")),
        }

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take over a process that is stuck."""
        row: Process | None = self.row_or_none(request, object_id)
        if row is None:
            raise Http404
        if not access_for(request).everything:
            raise PermissionDenied
        question = Question(
            title=f"Retry: {row.name}",
            button="Retry",
            consequences=["Its remaining steps are done, or undone, in your name and with your rights."],
            done="The process goes on.",
            back=reverse("admin:eventstore_process_change", args=[row.pk]),
        )

        def act(given: Mapping[str, Any]) -> object:
            return give(request, "retry_process", process=str(row.pk))

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)

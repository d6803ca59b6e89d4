"""Event handlers in the console: configured, enabled, disabled, and what they did."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import (
    BoundedPaginator,
    Fact,
    OrganizationFilter,
    PageLink,
    ReadOnlyPage,
    column,
    staff,
    visible_organizations,
)
from governance.access.per_request import access_for
from governance.audit.command_admin import person, pretty
from governance.audit.handlers import CONFIG, change_handler, create_handler, handlers_visible_to
from governance.organizations.models import Organization
from opinion_market.eventstore import event_types, handler_actions
from opinion_market.eventstore.models import Delivery, EventHandler
from opinion_market.eventstore.webhooks import WEBHOOK, signing_secret
from opinion_market.kernel import clock

_JSON = UnfoldAdminTextareaWidget(attrs={"rows": 4})


class HandlerForm(DeedForm):
    """A new handler. The service checks that the action can work."""

    name = forms.CharField(max_length=80, widget=UnfoldAdminTextInputWidget)
    organization = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    event_type = forms.ChoiceField(widget=UnfoldAdminSelectWidget, help_text="What must happen.")
    filter = forms.JSONField(
        required=False,
        initial=dict,
        widget=_JSON,
        help_text='Top-level fields of the event\'s data and the values they must have, such as {"reason": "expired"}.',
    )
    action = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    settings = forms.JSONField(
        required=False,
        initial=dict,
        widget=_JSON,
        help_text='What the action takes. webhook: {"url": "https://…"}; audit_entry: {"note": "…"}; command: {"command": "HaltMarket", '
        '"input": {"market": "$event.id", "reason": "…"}}.',
    )

    def __init__(self, *args: Any, organizations: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = [(each.type, f"{each.type} ({each.category})") for each in event_types.registered()]
        actions = [(each.name, f"{each.name}: {each.summary}") for each in handler_actions.registered()]
        for field, choices in (("organization", organizations), ("event_type", types), ("action", actions)):
            chosen: Any = self.fields[field]
            chosen.choices = choices

    def clean_filter(self) -> dict[str, Any]:
        return _mapping(self.cleaned_data.get("filter") or {})

    def clean_settings(self) -> dict[str, Any]:
        return _mapping(self.cleaned_data.get("settings") or {})


def _whose(handler: EventHandler) -> str:
    """The organization whose events it is given, by name."""
    if handler.organization_id is None:
        return "all organizations'"
    named = Organization.objects.filter(pk=handler.organization_id).first()
    return str(named or handler.organization_id)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise forms.ValidationError("A JSON object is needed.")
    return value


@admin.register(EventHandler)
class EventHandlerAdmin(ReadOnlyPage):
    """When something happens, something is done. Whoever configures a handler sees events, so auditors' rights are needed."""

    empty_text = "A handler does something each time an event of a certain type happens: calls an address, notes it, gives a command."
    view_permission = CONFIG
    organization_lookup = "organization_id"
    page_template = "console/event_handler.html"
    list_display = ("shown_name", "event_type", "action", "shown_state", "pending", "given_up", "updated_at")
    list_filter = (("is_active", BooleanRadioFilter), OrganizationFilter)
    search_fields = ("name", "event_type")
    ordering = ("-id",)
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted: QuerySet[Any] = handlers_visible_to(access_for(request)).annotate(
            waiting=Count("deliveries", filter=Q(deliveries__state="pending")),
            failed=Count("deliveries", filter=Q(deliveries__state="failed")),
        )
        return counted.order_by("-id")

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("new/", site.admin_view(self.new_view), name="eventstore_eventhandler_new"),
            path("<path:object_id>/switch/", site.admin_view(self.switch_view), name="eventstore_eventhandler_switch"),
            *super().get_urls(),
        ]

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        return [PageLink("New handler", reverse("admin:eventstore_eventhandler_new"), "add", "primary")]

    @column("Name")
    def shown_name(self, row: EventHandler) -> SafeString:
        return format_html('<span class="om-title">{}</span>', row.name)

    @column("State", label={"active": "success", "disabled": "danger"})
    def shown_state(self, row: EventHandler) -> str:
        return "active" if row.is_active else "disabled"

    @column("Pending")
    def pending(self, row: Any) -> int:
        return int(row.waiting)

    @column("Given up")
    def given_up(self, row: Any) -> int:
        return int(row.failed)

    def facts(self, request: HttpRequest, row: EventHandler) -> list[Fact]:
        secret = signing_secret(row.pk) if row.action == WEBHOOK.name else "–"
        return [
            Fact("State", "active" if row.is_active else f"disabled. {row.disabled_reason}"),
            Fact("When", row.event_type),
            Fact("Whose events", _whose(row)),
            Fact("And its data has", pretty(row.filter) if row.filter else "anything"),
            Fact("Do", row.action),
            Fact("With", pretty(row.settings)),
            Fact("Acts for", person(row.created_by)),
            Fact("Given up in a row", row.failures),
            Fact("Key of its signatures", format_html('<span class="om-mono">{}</span>', secret)),
        ]

    def page_context(self, request: HttpRequest, row: EventHandler) -> dict[str, Any]:
        title, tone = ("Disable", "danger") if row.is_active else ("Enable", "primary")
        link = reverse("admin:eventstore_eventhandler_switch", args=[row.pk])
        deliveries = Delivery.objects.filter(handler=row).order_by("-id")
        return {
            "title": row.name,
            "deeds": [PageLink(title, link, "power_settings_new", tone)],
            "page": BoundedPaginator(deliveries, 50).get_page(request.GET.get("page")),
        }

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Configure a handler."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        choices = [(str(pk), name) for pk, name in visible_organizations(request, CONFIG).values_list("pk", "name")]
        if access_for(request).everything:
            choices = [("", "All organizations"), *choices]
        question = Question(
            title="New event handler",
            button="Configure it",
            consequences=["From now on the action is carried out, in your name, each time such an event happens."],
            done="The handler is active.",
            back=reverse("admin:eventstore_eventhandler_changelist"),
        )
        form = HandlerForm(request.POST or None, organizations=choices)

        def act(given: Mapping[str, Any]) -> object:
            values = {name: given[name] for name in ("name", "event_type", "action", "settings", "filter")}
            organization = UUID(given["organization"]) if given["organization"] else None
            return create_handler(actor=staff(request), organization_id=organization, now=clock.now(), **values)

        return ask(request, page=self, question=question, form=form, act=act)

    def switch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Disable an active handler, or enable a disabled one."""
        row: EventHandler | None = self.row_or_none(request, object_id)
        if row is None:
            raise Http404
        verb, consequence = (
            ("Disable", "Events from now on start no action, and actions that are pending wait.")
            if row.is_active
            else ("Enable", "Events from now on start the action, in your name. Those that happened meanwhile do not.")
        )
        question = Question(
            title=f"{verb}: {row.name}",
            button=verb,
            consequences=[consequence],
            done=f"{verb}d.",
            back=reverse("admin:eventstore_eventhandler_change", args=[row.pk]),
            is_dangerous=row.is_active,
        )

        def act(given: Mapping[str, Any]) -> object:
            changes = {"is_active": not row.is_active}
            return change_handler(actor=staff(request), handler_id=row.pk, changes=changes, now=clock.now())

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)

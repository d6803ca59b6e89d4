"""Subscriptions, projections and snapshot policies in the console. They serve all tenants, so these pages are superusers'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import PageLink, ReadOnlyPage
from governance.audit.command_admin import give
from opinion_market.eventstore import aggregates, selectors, snapshot_policies, subscriptions
from opinion_market.eventstore.errors import UnknownSubscription
from opinion_market.eventstore.models import Checkpoint, SnapshotPolicy
from opinion_market.eventstore.selectors import SubscriptionState
from opinion_market.kernel import clock

# While anybody trades, a projection is always an event or two behind; from here on that is worth a word.
LATE_AFTER_S = 10


@dataclass(frozen=True, slots=True)
class _Deed:
    """What can be done to a subscription: the command, the field that names it, and what will happen."""

    title: str
    command: str
    field: str
    consequences: Sequence[str]
    has_reason: bool = True
    is_dangerous: bool = False
    more: Mapping[str, object] | None = None


_DEEDS = {
    "pause": _Deed(
        "Pause", "pause_subscription", "subscription",
        ["It reads no events until it is resumed. What it keeps stays as it is, and falls behind.", "No event is lost."],
        is_dangerous=True,
    ),
    "resume": _Deed("Resume", "resume_subscription", "subscription", ["It goes on where it stopped."]),
    "rebuild": _Deed(
        "Rebuild", "rebuild_projection", "projection",
        ["All events are read again into tables beside those in use.",
         "The figures in use are kept up and read meanwhile; the new ones take their place when they have caught up."],
    ),
    "rebuild-in-place": _Deed(
        "Rebuild in place", "rebuild_projection", "projection",
        ["Its figures are emptied now and fill up again while all events are read."],
        is_dangerous=True, more={"in_place": True},
    ),
    "abandon": _Deed(
        "Give the rebuild up", "abandon_rebuild", "projection", ["The figures in use stay."], has_reason=False
    ),
}  # fmt: skip


def _possible(state: SubscriptionState) -> list[str]:
    names = ["resume" if state.checkpoint.paused_at else "pause"]
    if state.is_projection:
        names.append("rebuild" if state.tables else "rebuild-in-place")
    return [*names, "abandon"] if state.rebuild is not None else names


@admin.register(Checkpoint)
class SubscriptionAdmin(ReadOnlyPage):
    """How the platform's subscriptions and projections are doing."""

    view_permission = "system.audit"
    organization_lookup = None

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("<path:object_id>/retry/", site.admin_view(self.retry_view), name="eventstore_checkpoint_retry"),
            path(
                "<path:object_id>/<str:name>/deed/", site.admin_view(self.deed_view), name="eventstore_checkpoint_deed"
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every registered subscription, whether it has run yet or not, with its lag."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        states = [(state, self._deeds(state)) for state in selectors.subscription_states(now=clock.now())]
        links: list[PageLink] = self.list_links(request)
        context = {
            "title": "Projections",
            "states": states,
            "late_after_s": LATE_AFTER_S,
            "page_links": links,
            **(extra_context or {}),
        }
        return self.rendered(request, "console/subscriptions.html", context)

    def _deeds(self, state: SubscriptionState) -> list[PageLink]:
        return [
            PageLink(
                _DEEDS[name].title,
                reverse("admin:eventstore_checkpoint_deed", args=[state.name, name]),
                tone="primary" if name == "resume" else "",
            )
            for name in _possible(state)
        ]

    def deed_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Pause, resume, rebuild: with a reason that is kept in its stream of events."""
        deed = _DEEDS.get(name)
        if deed is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        question = Question(
            title=f"{deed.title}: {object_id}",
            button=deed.title,
            consequences=deed.consequences,
            done=f"Done: {deed.title.lower()}.",
            back=reverse("admin:eventstore_checkpoint_changelist"),
            is_dangerous=deed.is_dangerous,
        )

        def act(given: Mapping[str, Any]) -> object:
            reason = {"reason": given["reason"]} if deed.has_reason else {}
            return give(request, deed.command, **{deed.field: object_id}, **reason, **(deed.more or {}))

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a subscription's pause after a failure."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            subscriptions.retry_now(name=object_id)
        except UnknownSubscription as unknown:
            messages.error(request, unknown.message)
        else:
            messages.success(request, f"{object_id} is tried again with the next run.")
        return HttpResponseRedirect(reverse("admin:eventstore_checkpoint_changelist"))


class PolicyForm(DeedForm):
    """How often a kind of streams is snapshotted."""

    every_events = forms.IntegerField(
        min_value=1_000, max_value=1_000_000, widget=UnfoldAdminIntegerFieldWidget,
        help_text="A snapshot is taken after so many events. Fewer: a cold stream is rebuilt faster, and more is written.",
    )  # fmt: skip
    max_age_s = forms.IntegerField(
        label="Longest age, in seconds", required=False, min_value=60, widget=UnfoldAdminIntegerFieldWidget,
        help_text="A stream that moved is snapshotted when its newest snapshot is older. Empty: by events only.",
    )  # fmt: skip
    kept = forms.IntegerField(
        min_value=2, max_value=1_000, widget=UnfoldAdminIntegerFieldWidget,
        help_text="Snapshots kept per stream. More bring the state at earlier versions within reach.",
    )  # fmt: skip


@admin.register(SnapshotPolicy)
class SnapshotPolicyAdmin(ReadOnlyPage):
    """One policy per kind of streams that has snapshots; kinds nobody decided about go by the default."""

    view_permission = "system.config"
    organization_lookup = None

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        return [path("<str:kind>/decide/", decide, name="eventstore_snapshotpolicy_decide"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every kind, with its policy."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        decided = snapshot_policies.policies()
        kinds = [each.kind for each in aggregates.registered() if each.snapshot is not None]
        rows = [(kind, decided.get(kind, snapshot_policies.DEFAULT), kind in decided) for kind in kinds]
        return self.rendered(request, "console/snapshot_policies.html", {"title": "Snapshot policies", "rows": rows})

    def decide_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Change a kind's policy."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        policy = snapshot_policies.policies().get(kind, snapshot_policies.DEFAULT)
        initial = {"every_events": policy.every_events, "max_age_s": policy.max_age_s, "kept": policy.kept}
        question = Question(
            title=f"Snapshots of {kind} streams",
            button="Change",
            consequences=[
                "Every process goes by it within ten seconds. Snapshots there are stay until newer ones come."
            ],
            done="The policy is changed.",
            back=reverse("admin:eventstore_snapshotpolicy_changelist"),
        )

        def act(given: Mapping[str, Any]) -> object:
            return give(request, "set_snapshot_policy", kind=kind, **given)

        form = PolicyForm(request.POST or None, initial=initial)
        return ask(request, page=self, question=question, form=form, act=act)

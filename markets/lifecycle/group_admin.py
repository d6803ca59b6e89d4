"""Groups of markets in the console: the list, a group's page with its markets, and the making of new ones."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from governance.access.asking import Question, ask
from governance.access.pages import BoundedPaginator, Fact, OrganizationFilter, ReadOnlyPage, column, staff
from governance.access.pages import visible_organizations as visible
from governance.organizations.models import Organization
from markets.lifecycle import groups
from markets.lifecycle.models import MarketGroup
from markets.oversight.columns import amount, number, price_bars
from opinion_market.kernel import clock


class GroupForm(forms.Form):
    """A group as its creator describes it."""

    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget)
    question = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="What its markets answer together."
    )
    description = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]


@admin.register(MarketGroup)
class MarketGroupAdmin(ReadOnlyPage):
    """Independent binary markets under one question."""

    empty_text = "A group ties binary markets together that answer one question. Make it first, then choose it when you draft them."
    view_permission = "markets.read"
    page_template = "console/market_group.html"
    list_display = ("shown_question", "markets", "volume", "created_at")
    list_filter = (OrganizationFilter,)
    search_fields = ("question", "=id")
    search_help_text = "Question or id"
    ordering = ("-created_at", "-id")
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("organization", "created_by")
        counted: QuerySet[Any] = rows.annotate(
            members=Count("markets"), traded_units=Sum("markets__volume_units", default=0)
        )
        return counted

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.permits(request, "markets.create")

    @column("Question", ordering="question")
    def shown_question(self, group: MarketGroup) -> SafeString:
        return format_html(
            '<span class="om-title">{}</span><span class="om-sub">{}</span>', group.question, group.organization.name
        )

    @column("Markets", ordering="members")
    def markets(self, group: Any) -> SafeString:
        return number(group.members)

    @column("Volume", ordering="traded_units")
    def volume(self, group: Any) -> SafeString:
        return amount(group.traded_units)

    def facts(self, request: HttpRequest, row: Any) -> list[Fact]:
        return [
            Fact("Organization", row.organization),
            Fact("Markets", number(row.members)),
            Fact("Volume", amount(row.traded_units)),
            Fact("Made", f"{row.created_at:%Y-%m-%d %H:%M} UTC by {row.created_by}"),
        ]

    def page_context(self, request: HttpRequest, row: MarketGroup) -> dict[str, Any]:
        members = row.markets.prefetch_related("outcomes").order_by("created_at", "pk")
        return {
            "members": [
                {
                    "label": market.group_label or market.question,
                    "link": reverse("admin:markets_market_change", args=[market.pk]),
                    "status": market.get_status_display(),
                    "prices": price_bars([outcome.label for outcome in market.outcomes.all()], market.price_units),
                    "volume": amount(market.volume_units),
                }
                for market in members
            ]
        }

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Describe a new group; markets join it when they are drafted."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        organizations = visible(request, "markets.create").filter(is_active=True).order_by("name", "pk")
        form = GroupForm(
            request.POST if request.method == "POST" else None,
            organizations=organizations,
            initial={"organization": organizations.first()},
        )
        question = Question(
            title="New group of markets",
            button="Make the group",
            consequences=[
                "Binary markets join it when they are drafted. Their prices stay independent of one another."
            ],
            done="The group is made. Draft its markets now.",
            back=reverse("admin:markets_marketgroup_changelist"),
        )

        def act(given: Mapping[str, Any]) -> None:
            groups.create_group(
                actor=staff(request),
                organization_id=given["organization"].pk,
                question=given["question"],
                description=given["description"],
                now=clock.now(),
            )

        return ask(request, page=self, question=question, form=form, act=act)

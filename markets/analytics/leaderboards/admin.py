"""Leaderboards in the console: one board at a time, by organization, window, metric and category."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export import resources
from unfold.contrib.filters.admin import DropdownFilter

from governance.access.export import ExportedPage
from governance.access.pages import BoundedPaginator, Fact, OrganizationFilter, column, organizations_in
from markets.analytics.leaderboards.models import Standing
from markets.oversight.columns import amount, holder_link, number
from markets.oversight.percentages import decimal, percentage


class StandingExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Standing
        fields = (
            "organization__slug", "window", "metric", "category", "rank", "account", "account__owner__username", "score",
            "raw", "markets", "fills", "credibility_millionths", "computed_at",
        )  # fmt: skip


class BoardFilter(DropdownFilter):  # type: ignore[misc]
    """One of a few boards; the default one where none is chosen, for ranks of several boards do not mix."""

    default = ""
    choices_offered: tuple[tuple[str, str], ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.choices_offered)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: self.value() or self.default})


class WindowFilter(BoardFilter):
    title = "window (30 days if none is chosen)"
    parameter_name = "window"
    default = Standing.Window.MONTH
    choices_offered = tuple((value, str(label)) for value, label in Standing.Window.choices)


class MetricFilter(BoardFilter):
    title = "metric (profit if none is chosen)"
    parameter_name = "metric"
    default = Standing.Metric.PROFIT
    choices_offered = tuple((value, str(label)) for value, label in Standing.Metric.choices)


class CategoryFilter(BoardFilter):
    title = "category (all markets if none is chosen)"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Standing.objects.exclude(category="")
        scope = organizations_in(request, StandingAdmin.view_permission)
        if scope is not None:
            rows = rows.filter(organization__in=scope)
        return [(name, name) for name in rows.order_by("category").values_list("category", flat=True).distinct()]


def shown_score(standing: Standing, value: int) -> SafeString:
    """A score in its metric's own terms: credits, percent, or a plain number."""
    if standing.metric == Standing.Metric.PROFIT:
        return amount(value, signed=True)
    if standing.metric == Standing.Metric.RETURN:
        return percentage(value)
    return decimal(value)


@admin.register(Standing)
class StandingAdmin(ExportedPage):
    """Who leads, with scores shrunk towards the mean. Staff sees who it is, whatever name others read."""

    empty_text = "Leaderboards are computed every ten minutes, of those who have traded enough to be compared."
    view_permission = "participants.read"
    resource_classes = (StandingExport,)
    list_display = (
        "board",
        "rank",
        "trader",
        "shown",
        "before_shrinking",
        "own_weight",
        "shown_markets",
        "shown_fills",
        "computed_at",
    )
    list_filter = (WindowFilter, MetricFilter, CategoryFilter, OrganizationFilter)
    list_select_related = ("account__owner", "account__market", "organization")
    search_fields = ("account__owner__username", "account__owner__display_name")
    search_help_text = "User name"
    ordering = ("organization", "rank", "id")
    sortable_by = ()
    paginator = BoundedPaginator

    @column("Board")
    def board(self, standing: Standing) -> SafeString:
        return format_html(
            '<span class="om-title">{}, {}</span><span class="om-sub">{} · {}</span>',
            standing.get_metric_display(),
            standing.get_window_display(),
            standing.category or "All markets",
            standing.organization,
        )

    @column("Trader")
    def trader(self, standing: Standing) -> SafeString:
        return holder_link(standing.account)

    @column("Score")
    def shown(self, standing: Standing) -> SafeString:
        return shown_score(standing, standing.score)

    @column("Raw score")
    def before_shrinking(self, standing: Standing) -> SafeString:
        return shown_score(standing, standing.raw)

    @column("Own weight")
    def own_weight(self, standing: Standing) -> SafeString:
        return percentage(standing.credibility_millionths)

    @column("Markets")
    def shown_markets(self, standing: Standing) -> SafeString:
        return number(standing.markets)

    @column("Trades")
    def shown_fills(self, standing: Standing) -> SafeString:
        return number(standing.fills)

    def facts(self, request: HttpRequest, row: Standing) -> list[Fact]:
        """The place in words."""
        return [
            Fact("Trader", holder_link(row.account)),
            Fact("Organization", row.organization),
            Fact("Board", format_html("{}, {}", row.get_metric_display(), row.get_window_display())),
            Fact("Category", row.category or "All markets"),
            Fact("Rank", row.rank),
            Fact("Score, shrunk towards the mean", shown_score(row, row.score)),
            Fact("Before shrinking", shown_score(row, row.raw)),
            Fact("Weight of the own record", percentage(row.credibility_millionths)),
            Fact("Markets that count", number(row.markets)),
            Fact("Trades", number(row.fills)),
            Fact("Computed", row.computed_at),
        ]

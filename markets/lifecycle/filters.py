"""Filters of the list of markets."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from markets.lifecycle.models import Market
from markets.oversight.attention import NEEDS, conditions
from opinion_market.kernel import clock


class NeedFilter(DropdownFilter):  # type: ignore[misc]
    """Markets that wait for a step, as the home page counts them."""

    title = "what they need"
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(need, need.capitalize()) for need in NEEDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Market]) -> QuerySet[Market]:
        condition = conditions(clock.now()).get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class ClosingFilter(DropdownFilter):  # type: ignore[misc]
    """By closing time."""

    title = "closing time"
    parameter_name = "closing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("past", "Past"), ("day", "Within 24 hours"), ("week", "Within 7 days"), ("none", "None set")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Market]) -> QuerySet[Market]:
        now = clock.now()
        choices = {
            "past": Q(closes_at__lte=now),
            "day": Q(closes_at__gt=now, closes_at__lte=now + timedelta(days=1)),
            "week": Q(closes_at__gt=now, closes_at__lte=now + timedelta(days=7)),
            "none": Q(closes_at=None),
        }
        chosen = choices.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class CategoryFilter(DropdownFilter):  # type: ignore[misc]
    """By category, offering those of the markets the user may see."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = model_admin.get_queryset(request).exclude(category="").prefetch_related(None)
        found = seen.order_by("category").values_list("category", flat=True).distinct()
        return [(category, category) for category in found[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Market]) -> QuerySet[Market]:
        return queryset.filter(category=self.value()) if self.value() else queryset

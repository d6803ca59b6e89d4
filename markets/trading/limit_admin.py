"""Organizations' default limits in the console."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from governance.access.asking import Question, ask
from governance.access.pages import (
    Fact,
    OrganizationFilter,
    PageLink,
    ReadOnlyPage,
    column,
    staff,
    visible_organizations,
)
from markets.oversight.columns import amount, number
from markets.trading.limit_forms import DefaultLimitForm, shown_credits
from markets.trading.limit_models import LimitDefaults
from markets.trading.limit_services import DefaultLimits, set_default_limits
from opinion_market.kernel import clock

UPDATE = "markets.update"


@admin.register(LimitDefaults)
class LimitDefaultsAdmin(ReadOnlyPage):
    """What each organization allows where neither a market nor an account says otherwise. Changed with a reason."""

    empty_text = "No organization has limits of its own. A market or an account may still have some."
    view_permission = "markets.read"
    list_display = ("organization", "position", "orders", "quantity", "value")
    list_filter = (OrganizationFilter,)
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    search_help_text = "Name of the organization"
    ordering = ("organization__name", "pk")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.permits(request, UPDATE)

    @column("Position", ordering="position_limit_contracts")
    def position(self, row: LimitDefaults) -> SafeString:
        return number(row.position_limit_contracts)

    @column("Open orders", ordering="order_limit")
    def orders(self, row: LimitDefaults) -> SafeString:
        return number(row.order_limit)

    @column("Contracts of one order", ordering="order_quantity_limit")
    def quantity(self, row: LimitDefaults) -> SafeString:
        return number(row.order_quantity_limit)

    @column("Cost of one order", ordering="order_value_limit_units")
    def value(self, row: LimitDefaults) -> SafeString:
        return amount(row.order_value_limit_units)

    def facts(self, request: HttpRequest, row: LimitDefaults) -> list[Fact]:
        return [
            Fact("Organization", row.organization),
            Fact("Largest position on an outcome, in contracts", self.position(row)),
            Fact("Most open orders of an account in a market", self.orders(row)),
            Fact("Most contracts of one order", self.quantity(row)),
            Fact("Most one order may cost, in credits", self.value(row)),
        ]

    def page_context(self, request: HttpRequest, row: LimitDefaults) -> dict[str, Any]:
        if not self.permits(request, UPDATE, row):
            return {}
        address = f"{reverse('admin:markets_limitdefaults_add')}?organization={row.pk}"
        return {"deeds": [PageLink("Change", address, "speed", "primary")]}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Set the defaults of one of the organizations in which the user may."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        organizations = visible_organizations(request, UPDATE).filter(is_active=True).order_by("name", "pk")
        wanted = request.GET.get("organization", "")
        present = next((row for row in LimitDefaults.objects.filter(organization__in=organizations)
                        if str(row.pk) == wanted), None)  # fmt: skip
        form = DefaultLimitForm(
            request.POST if request.method == "POST" else None,
            organizations=organizations,
            initial=_figures(present) if present else {"organization": organizations.first()},
        )
        question = Question(
            title="Default limits",
            button="Set the limits",
            consequences=[
                "They bind every order in all markets of the organization from now on, unless a market (or, for an order's "
                "cost, an account) has a figure of its own.",
                "What is held and open already stays, and what lowers risk is always admitted.",
            ],
            done="The limits are set.",
            back=reverse("admin:markets_limitdefaults_changelist"),
        )

        def act(given: Mapping[str, Any]) -> None:
            limits = DefaultLimits(
                position_limit_contracts=given["position"],
                order_limit=given["orders"],
                order_quantity_limit=given["quantity"],
                order_value_limit_units=form.value_units(),
            )
            set_default_limits(
                actor=staff(request), organization_id=given["organization"].pk, limits=limits, reason=given["reason"],
                now=clock.now(),
            )  # fmt: skip

        return ask(request, page=self, question=question, form=form, act=act)


def _figures(row: LimitDefaults) -> dict[str, Any]:
    return {
        "organization": row.organization_id,
        "position": row.position_limit_contracts,
        "orders": row.order_limit,
        "quantity": row.order_quantity_limit,
        "value": shown_credits(row.order_value_limit_units),
    }

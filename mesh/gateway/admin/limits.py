"""Rate limits in the console, with what Envoy counted and who was refused."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from governance.access.pages import Fact, PageLink, column, staff
from mesh.gateway import request_log, services, usage
from mesh.gateway.admin.forms import LimitForm
from mesh.gateway.admin.pages import TRIED, GatewayPage
from mesh.gateway.models import RateLimit
from opinion_market.kernel import clock

ANEW = "Counters of limits per the same unit of time begin anew; all others go on."


@admin.register(RateLimit)
class RateLimitAdmin(GatewayPage):
    """How often each address, user, key, organization or route may ask."""

    empty_text = "Without a limit everybody may ask as often as they like."
    page_template = "console/gateway_limit.html"
    list_display = ("name", "allows", "scope", "route", "shown_state")
    list_filter = (("scope", ChoicesDropdownFilter), ("unit", ChoicesDropdownFilter))
    list_select_related = ("route",)
    search_fields = ("name", "route__name")
    ordering = ("name",)
    list_deeds = {"new": "new_view"}
    row_deeds = {"edit": "edit_view", "remove": "remove_view"}

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        return [PageLink("New limit", self.address("new"), "add")]

    @column("Allows")
    def allows(self, limit: RateLimit) -> str:
        return f"{limit.requests:,} {limit.get_unit_display()}"

    @column("State", label={"on": "success", "off": ""})
    def shown_state(self, limit: RateLimit) -> tuple[str, str]:
        return ("on", "On") if limit.is_enabled else ("off", "Off")

    def facts(self, request: HttpRequest, row: RateLimit) -> list[Fact]:
        return [
            Fact("Allows", self.allows(row)),
            Fact("For", row.get_scope_display()),
            Fact("Route", row.route or "all together"),
            Fact("State", self.shown_state(row)[1]),
        ]

    def page_context(self, request: HttpRequest, row: RateLimit) -> dict[str, Any]:
        user = staff(request)
        refused = request_log.limited(user, since=clock.now() - timedelta(hours=1))
        counted = usage.per_unit(user)
        return {
            "title": row.name,
            "deeds": [
                PageLink("Change", self.address("edit", row.pk), "edit"),
                PageLink("Remove", self.address("remove", row.pk), "delete", "danger"),
            ],
            "usage": next((each for each in counted or () if each.unit == row.unit), None),
            "unit": row.get_unit_display(),
            "refused": [(route, count) for (route, unit), count in sorted(refused.items()) if unit == row.unit],
        }

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """A new limit."""
        return self.deed(
            request,
            title="New limit",
            button="Make the limit",
            done="The limit is made.",
            back=self.address("changelist"),
            form=LimitForm,
            initial={"is_enabled": True, "unit": "minute"},
            consequences=[
                "A bucket refills continuously: in the first unit after a pause up to twice as many can pass.", ANEW, TRIED
            ],
            act=lambda form, given: services.create_limit(
                actor=staff(request), values=_values(form), reason=given["reason"], now=clock.now()
            ),
        )  # fmt: skip

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change a limit."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Change {row.name}",
            button="Change",
            done="The limit is changed.",
            back=self.address("change", row.pk),
            form=LimitForm,
            initial={name: getattr(row, name) for name in LimitForm.base_fields if hasattr(row, name)},
            consequences=[ANEW, TRIED],
            act=lambda form, given: services.change_limit(
                actor=staff(request), limit_id=row.pk, values=_values(form), reason=given["reason"], now=clock.now()
            ),
        )

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Remove it."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Remove {row.name}",
            button="Remove",
            done="The limit is removed.",
            back=self.address("changelist"),
            consequences=["Whom it held back may ask as often as the other limits allow.", ANEW],
            is_dangerous=True,
            act=lambda form, given: services.remove_limit(
                actor=staff(request), limit_id=row.pk, reason=given["reason"], now=clock.now()
            ),
        )


def _values(form: forms.Form) -> Mapping[str, object]:
    return {name: value for name, value in form.cleaned_data.items() if name != "reason"}

"""The form of the console for a new reward campaign."""

from datetime import UTC
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from governance.organizations.models import Organization
from markets.engine.units import MAX_QUANTITY
from markets.lifecycle.models import Market
from markets.rewards.services import MOST_HOURS, CampaignDraft
from opinion_market.kernel.money import units_from_credits

MARKETS_OFFERED = 500


class CampaignForm(forms.Form):
    """What is paid for, how much, and how long. The service checks the rest."""

    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget)
    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    market = forms.ModelChoiceField(
        queryset=Market.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="An open market of the organization; or else a category below.",
    )
    category = forms.CharField(
        max_length=60,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="All open markets of it share the budget.",
    )
    budget = forms.DecimalField(
        min_value=Decimal("0.0001"),
        max_digits=15,
        decimal_places=4,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Credits, from the subsidy account when it starts. Paid in equal parts over the hours.",
    )
    hours = forms.IntegerField(min_value=1, max_value=MOST_HOURS, initial=24, widget=UnfoldAdminIntegerFieldWidget)
    distance = forms.DecimalField(
        label="Distance from the mid price",
        min_value=Decimal("0.0001"),
        max_value=Decimal("0.9999"),
        decimal_places=4,
        initial=Decimal("0.03"),
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="In credits; an order this far away or further scores nothing, and the closer the more.",
    )
    min_size = forms.IntegerField(
        label="Smallest order",
        min_value=1,
        max_value=MAX_QUANTITY,
        initial=10,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Contracts resting; smaller ones are not looked at.",
    )
    starts_at = forms.DateTimeField(
        label="Starts (UTC)",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        help_text="Empty: now.",
    )

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        trading = Market.objects.filter(organization__in=organizations, status__in=["open", "halted"])
        newest = list(trading.order_by("-opened_at", "pk").values_list("pk", flat=True)[:MARKETS_OFFERED])
        self.fields["market"].queryset = Market.objects.filter(pk__in=newest)  # type: ignore[attr-defined]

    def draft(self) -> CampaignDraft:
        """The campaign that was described; call it once the form is valid."""
        given = self.cleaned_data
        starts_at = given["starts_at"]
        return CampaignDraft(
            name=given["name"],
            market_id=given["market"].pk if given["market"] else None,
            category=given["category"],
            budget_units=units_from_credits(given["budget"]),
            max_distance_units=units_from_credits(given["distance"]),
            min_size_contracts=given["min_size"],
            hours=given["hours"],
            starts_at=starts_at.astimezone(UTC) if starts_at else None,
        )

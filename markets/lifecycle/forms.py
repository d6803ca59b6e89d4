"""Forms of the console for drafting and resolving markets. They check shapes; the services check the rules."""

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from governance.access.asking import DeedForm
from governance.organizations.models import Organization
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.lifecycle.services import MarketDraft
from opinion_market.kernel.money import units_from_credits

SPLIT = "split"


class ResolveForm(DeedForm):
    """What each outcome pays: everything to one outcome, or a split given in credits per contract."""

    def __init__(self, *args: Any, labels: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = labels
        winners = [("", "Choose what happened"), *((str(index), label) for index, label in enumerate(labels))]
        self.fields["winner"] = forms.ChoiceField(
            label="What happened",
            choices=[*winners, (SPLIT, "A split between outcomes")],
            widget=UnfoldAdminSelectWidget(choices=[*winners, (SPLIT, "A split between outcomes")]),
            help_text="A contract on this outcome pays 1 credit, all others nothing.",
        )
        for index, label in enumerate(labels):
            self.fields[f"payout_{index}"] = forms.DecimalField(
                label=f"{label} pays",
                required=False,
                min_value=Decimal(0),
                max_value=Decimal(1),
                decimal_places=4,
                widget=UnfoldAdminDecimalFieldWidget,
                help_text="Credits per contract, for a split only." if index == 0 else "",
            )
        self.fields["reason"].label = "Evidence"
        self.fields["reason"].help_text = "Shown with the resolution, in the market's events and in the audit trail."
        self.order_fields(["winner", *(f"payout_{index}" for index in range(len(labels))), "reason"])

    def clean(self) -> dict[str, Any]:
        """Adds `payout_units`."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        winner = cleaned.get("winner")
        if winner == SPLIT:
            shares = [cleaned.get(f"payout_{index}") or Decimal(0) for index in range(len(self.labels))]
            cleaned["payout_units"] = [units_from_credits(share) for share in shares]
            if sum(cleaned["payout_units"]) != SET_UNITS:
                self.add_error(None, f"The payouts must sum to 1 credit; these sum to {sum(shares)}.")
        elif winner:
            cleaned["payout_units"] = [SET_UNITS * (index == int(winner)) for index in range(len(self.labels))]
        return cleaned


class DraftForm(forms.Form):
    """A market as its creator describes it."""

    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget)
    question = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="One that will have a clear answer."
    )
    criteria = forms.CharField(
        label="Resolution criteria",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="How it will be decided: by which source, at what time, and what happens in doubt. Frozen at opening.",
    )
    description = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))
    category = forms.CharField(max_length=60, required=False, widget=UnfoldAdminTextInputWidget)
    kind = forms.ChoiceField(choices=Market.Kind.choices, widget=UnfoldAdminSelectWidget(choices=Market.Kind.choices))
    outcomes = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One per line. A binary market without any has Yes and No.",
    )
    is_exhaustive = forms.BooleanField(
        label="These outcomes cover every case",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Otherwise “Other” is added to a categorical market.",
    )
    is_public = forms.BooleanField(
        label="Visible outside of the organization", required=False, widget=UnfoldBooleanWidget
    )
    closes_at = forms.DateTimeField(
        label="Trading stops (UTC)",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"],
        help_text="Empty: when somebody closes it.",
    )
    dispute_window_hours = forms.IntegerField(
        min_value=0,
        max_value=24 * 365,
        initial=24,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Hours between a proposed resolution and the earliest payout.",
    )
    taker_fee_bps = forms.IntegerField(
        label="Taker's fee",
        min_value=0,
        max_value=10_000,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Basis points of price x (1 - price).",
    )
    maker_fee_bps = forms.IntegerField(
        label="Maker's fee", min_value=0, max_value=10_000, initial=0, widget=UnfoldAdminIntegerFieldWidget
    )
    house_liquidity = forms.IntegerField(
        label="House market maker's liquidity",
        min_value=0,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="b of its curve, in contracts; 0 for none. Its worst loss, b ln n credits, comes from the subsidy.",
    )

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]

    def draft(self) -> MarketDraft:
        """The draft that was described; call it once the form is valid."""
        given = self.cleaned_data
        closes_at = given["closes_at"]
        return MarketDraft(
            question=given["question"],
            criteria=given["criteria"],
            description=given["description"],
            category=given["category"],
            kind=given["kind"],
            outcomes=[line.strip() for line in given["outcomes"].splitlines() if line.strip()],
            is_exhaustive=given["is_exhaustive"],
            is_public=given["is_public"],
            closes_at=closes_at.astimezone(UTC) if closes_at else None,
            dispute_window_s=given["dispute_window_hours"] * 3600,
            taker_fee_bps=given["taker_fee_bps"],
            maker_fee_bps=given["maker_fee_bps"],
            house_liquidity=given["house_liquidity"],
        )

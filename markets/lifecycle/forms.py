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
from markets.lifecycle.models import Market, MarketGroup
from markets.lifecycle.services import MarketDraft, payout_at
from opinion_market.kernel.money import units_from_credits

SPLIT = "split"


class ResolveForm(DeedForm):
    """What each outcome pays: everything to one outcome, a split in credits per contract, or a scalar market's value."""

    def __init__(self, *args: Any, market: Market, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.market = market
        self.labels = labels = [outcome.label for outcome in market.outcomes.all()]
        self.fields["reason"].label = "Evidence"
        self.fields["reason"].help_text = "Shown with the resolution, in the market's events and in the audit trail."
        if market.kind == Market.Kind.SCALAR:
            self._ask_for_a_value()
        else:
            self._ask_for_a_winner(labels)

    def _ask_for_a_value(self) -> None:
        lower, upper = self.market.scalar_lower or Decimal(0), self.market.scalar_upper or Decimal(0)
        bounds = f"{lower.normalize():f} to {upper.normalize():f} {self.market.scalar_unit}"
        self.fields["value"] = forms.DecimalField(
            label="The value",
            max_digits=24,
            decimal_places=8,
            widget=UnfoldAdminDecimalFieldWidget,
            help_text=f"Long pays its place between the bounds, {bounds}; beyond them it pays all or nothing.",
        )
        self.order_fields(["value", "reason"])

    def _ask_for_a_winner(self, labels: Sequence[str]) -> None:
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
        self.order_fields(["winner", *(f"payout_{index}" for index in range(len(labels))), "reason"])

    def clean(self) -> dict[str, Any]:
        """Adds `payout_units`."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("value") is not None:
            cleaned["payout_units"] = payout_at(self.market, cleaned["value"])
        winner = cleaned.get("winner")
        if winner == SPLIT:
            shares = [cleaned.get(f"payout_{index}") or Decimal(0) for index in range(len(self.labels))]
            cleaned["payout_units"] = [units_from_credits(share) for share in shares]
            if sum(cleaned["payout_units"]) != SET_UNITS:
                self.add_error(None, f"The payouts must sum to 1 credit; these sum to {sum(shares)}.")
        elif winner:
            cleaned["payout_units"] = [SET_UNITS * (index == int(winner)) for index in range(len(self.labels))]
        return cleaned


class SplitOtherForm(DeedForm):
    """The outcome that is split off from "Other"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"] = forms.CharField(
            label="New outcome", max_length=120, widget=UnfoldAdminTextInputWidget, help_text="One that no other has."
        )
        self.fields["share_percent"] = forms.IntegerField(
            label="Its share of Other's price",
            min_value=1,
            max_value=99,
            initial=50,
            widget=UnfoldAdminIntegerFieldWidget,
            help_text="Percent. Whoever holds Other gets as many contracts of the new outcome, whatever the share.",
        )
        self.order_fields(["label", "share_percent", "reason"])


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
        help_text="One per line. Without any, a binary market has Yes and No, and a scalar one Long and Short.",
    )
    is_exhaustive = forms.BooleanField(
        label="These outcomes cover every case",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Otherwise “Other” is added to a categorical market.",
    )
    scalar_lower = forms.DecimalField(
        label="Lower bound",
        required=False,
        max_digits=24,
        decimal_places=8,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Of a scalar market: at or below it, Short takes all.",
    )
    scalar_upper = forms.DecimalField(
        label="Upper bound", required=False, max_digits=24, decimal_places=8, widget=UnfoldAdminDecimalFieldWidget
    )
    scalar_unit = forms.CharField(
        label="Unit of the value", required=False, max_length=40, widget=UnfoldAdminTextInputWidget
    )
    group = forms.ModelChoiceField(
        queryset=MarketGroup.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="For a binary market that answers a larger question together with others.",
    )
    group_label = forms.CharField(
        label="What it stands for in its group", required=False, max_length=120, widget=UnfoldAdminTextInputWidget
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
        label="Maker's fee",
        min_value=-10_000,
        max_value=10_000,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Negative: a rebate, paid out of the taker's fee and at most as large.",
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
        self.fields["group"].queryset = MarketGroup.objects.filter(  # type: ignore[attr-defined]
            organization__in=organizations
        )

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
            scalar_lower=given["scalar_lower"],
            scalar_upper=given["scalar_upper"],
            scalar_unit=given["scalar_unit"],
            group_id=given["group"].pk if given["group"] else None,
            group_label=given["group_label"],
        )

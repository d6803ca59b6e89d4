"""The console's form for drafting a market. It checks shapes; the services check the rules."""

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
from markets.lifecycle.models import Market, MarketGroup
from markets.lifecycle.services import MarketDraft
from opinion_market.kernel.money import units_from_credits

MOST_CREDITS = Decimal(10**9)
_TIME_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


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
    opens_at = forms.DateTimeField(
        label="Trading begins (UTC)",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=_TIME_FORMATS,
        help_text="An approved market opens by itself then. Empty: when somebody opens it.",
    )
    closes_at = forms.DateTimeField(
        label="Trading stops (UTC)",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=_TIME_FORMATS,
        help_text="Empty: when somebody closes it.",
    )
    dispute_window_hours = forms.IntegerField(
        min_value=0,
        max_value=24 * 365,
        initial=24,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Hours between a proposed resolution and the earliest payout.",
    )
    dispute_bond = forms.DecimalField(
        label="Bond of a dispute, in credits",
        min_value=Decimal(0),
        max_value=MOST_CREDITS,
        decimal_places=4,
        required=False,
        initial=Decimal(0),
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="What a holder puts down to dispute a resolution; lost if it is upheld. 0: nothing.",
    )
    auto_finalize = forms.BooleanField(
        label="Pay by itself when the dispute window ends",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Only once somebody other than the proposer has confirmed the resolution.",
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
        opens_at, closes_at = given["opens_at"], given["closes_at"]
        return MarketDraft(
            question=given["question"],
            criteria=given["criteria"],
            description=given["description"],
            category=given["category"],
            kind=given["kind"],
            outcomes=[line.strip() for line in given["outcomes"].splitlines() if line.strip()],
            is_exhaustive=given["is_exhaustive"],
            is_public=given["is_public"],
            opens_at=opens_at.astimezone(UTC) if opens_at else None,
            closes_at=closes_at.astimezone(UTC) if closes_at else None,
            dispute_window_s=given["dispute_window_hours"] * 3600,
            dispute_bond_units=units_from_credits(given["dispute_bond"] or Decimal(0)),
            auto_finalize=given["auto_finalize"],
            taker_fee_bps=given["taker_fee_bps"],
            maker_fee_bps=given["maker_fee_bps"],
            house_liquidity=given["house_liquidity"],
            scalar_lower=given["scalar_lower"],
            scalar_upper=given["scalar_upper"],
            scalar_unit=given["scalar_unit"],
            group_id=given["group"].pk if given["group"] else None,
            group_label=given["group_label"],
        )

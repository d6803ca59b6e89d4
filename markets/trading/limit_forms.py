"""Forms of the console for limits. An empty figure is no limit of its own."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from governance.access.asking import DeedForm
from governance.organizations.models import Organization
from markets.engine.units import MAX_QUANTITY
from opinion_market.kernel.money import UNITS_PER_CREDIT, units_from_credits

MOST_ORDERS = 1_000_000


def whole_number(label: str, text: str, most: int) -> forms.IntegerField:
    """An optional figure from 0 to `most`."""
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=most, widget=UnfoldAdminIntegerFieldWidget, help_text=text
    )


def credits_figure(label: str, text: str) -> forms.DecimalField:
    """An optional sum in credits."""
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=4,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=text,
        validators=[MaxValueValidator(10**11)],
    )


def shown_credits(units: int | None) -> Decimal | None:
    """What such a figure begins with."""
    return None if units is None else Decimal(units) / UNITS_PER_CREDIT


class LimitForm(DeedForm):
    """What a market allows each account; the base of the others."""

    position = whole_number(
        "Position", "Contracts of one outcome that may come to be held, beyond complete sets. Empty: the default.",
        MAX_QUANTITY,
    )  # fmt: skip
    orders = whole_number("Open orders", "Per account in one market. Empty: the default.", MOST_ORDERS)
    quantity = whole_number("Contracts of one order", "Filled or left resting. Empty: the default.", MAX_QUANTITY)


class AccountLimitForm(DeedForm):
    """What one account is allowed in each market."""

    position = whole_number(
        "Position", "Contracts of one outcome, beyond complete sets. The market's limit binds too.", MAX_QUANTITY
    )
    orders = whole_number("Open orders", "In one market. The market's limit binds too.", MOST_ORDERS)
    value = credits_figure("Cost of one order", "In credits. Empty: the organization's default.")

    def value_units(self) -> int | None:
        """The cost of one order in units; call it once the form is valid."""
        given = self.cleaned_data["value"]
        return None if given is None else units_from_credits(given)


class DefaultLimitForm(LimitForm):
    """What an organization allows where neither the market nor the account says otherwise."""

    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget)
    value = credits_figure("Cost of one order", "In credits. Empty: no limit.")

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        self.order_fields(["organization", "position", "orders", "quantity", "value", "reason"])

    def value_units(self) -> int | None:
        """The cost of one order in units; call it once the form is valid."""
        given = self.cleaned_data["value"]
        return None if given is None else units_from_credits(given)

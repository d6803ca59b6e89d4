"""Forms by which staff adjusts play-money balances."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from governance.access.asking import DeedForm
from governance.organizations.models import Membership, Organization
from opinion_market.kernel.money import units_from_credits


class SumForm(DeedForm):
    """A sum and a reason."""

    credits = forms.DecimalField(
        min_value=Decimal("0.0001"),
        max_digits=15,
        decimal_places=4,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Up to four decimals.",
    )

    def clean_credits(self) -> Decimal:
        value: Decimal = self.cleaned_data["credits"]
        self.cleaned_data["units"] = units_from_credits(value)
        return value


class OrganizationSumForm(SumForm):
    """A sum for one of the organizations in which the user may give it."""

    organization = forms.ModelChoiceField(queryset=Organization.objects.none(), widget=UnfoldAdminSelectWidget)
    field_order: Sequence[str] = ("organization", "credits", "reason")

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        self.order_fields(self.field_order)


class MemberSumForm(OrganizationSumForm):
    """A sum for a member, found by user name."""

    username = forms.CharField(
        max_length=150, widget=UnfoldAdminTextInputWidget, help_text="A member of the organization."
    )
    field_order = ("organization", "username", "credits", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        organization, username = cleaned.get("organization"), cleaned.get("username")
        if organization and username:
            found = Membership.objects.filter(
                organization=organization, user__username__iexact=username, user__is_active=True
            )
            owner: UUID | None = found.values_list("user", flat=True).first()
            if owner is None:
                self.add_error("username", "No active member of this organization has that user name.")
            cleaned["owner_id"] = owner
        return cleaned

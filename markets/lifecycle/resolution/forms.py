"""What the console asks for a step about a market's resolution. It checks shapes; the services check the rules."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from governance.access.asking import DeedForm
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.lifecycle.resolution.evidence import MAX_BYTES, MAX_PIECES
from markets.lifecycle.scalar import bounds_text, payout_at
from markets.lifecycle.step import Step
from opinion_market.kernel.money import units_from_credits

SPLIT = "split"


class FilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list of files; empty if none was chosen."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent: list[UploadedFile[bytes]] = data or []
        return [super(FilesField, self).clean(file, initial) for file in sent]


class StepForm(DeedForm):
    """A step's reason, and what else it asks for.

    Payout: everything to one outcome, a split given in credits per contract, or a scalar market's value.
    Evidence: files, and links line by line.
    """

    def __init__(self, *args: Any, step: Step, market: Market, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.market = market
        self.labels = [outcome.label for outcome in market.outcomes.all()]
        if step.asks_payout and market.kind == Market.Kind.SCALAR:
            self._ask_value()
        elif step.asks_payout:
            self._ask_payout(self.labels)
        if step.asks_evidence:
            self._ask_evidence()
        if step.asks_payout or step.asks_evidence:
            self.fields["reason"].label = "Evidence in words" if step.name == "resolve" else "Reason"
            self.fields["reason"].help_text = "Everybody can read it in the market's events; kept in the audit trail."
            asked = [name for name in self.fields if name not in {"reason", "links", "files"}]
            self.order_fields([*asked, "reason", "links", "files"])

    def _ask_value(self) -> None:
        self.fields["value"] = forms.DecimalField(
            label="The value",
            max_digits=24,
            decimal_places=8,
            widget=UnfoldAdminDecimalFieldWidget,
            help_text=f"Long pays its place between the bounds, {bounds_text(self.market)}; beyond them all or nothing.",
        )

    def _ask_payout(self, labels: Sequence[str]) -> None:
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

    def _ask_evidence(self) -> None:
        self.fields["links"] = forms.CharField(
            required=False,
            max_length=20_000,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            help_text="http or https addresses, one per line.",
        )
        self.fields["files"] = FilesField(
            required=False,
            widget=FilesInput,
            help_text=f"PDF, PNG, JPEG, WebP or plain text, at most {MAX_BYTES // 2**20} MiB each; {MAX_PIECES} pieces in all.",
        )

    def clean(self) -> dict[str, Any]:
        """Adds `payout_units` where a payout is asked for; `links` becomes a list."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["links"] = [line.strip() for line in cleaned.get("links", "").splitlines() if line.strip()]
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

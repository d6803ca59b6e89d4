"""The console's form for a new experiment. The service checks everything that the fields do not."""

import json
from datetime import UTC
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from mesh.chaos.drafts import BOUNDS, ExperimentDraft
from mesh.chaos.method import METRICS, MODES
from mesh.chaos.models import Experiment


class Indented(json.JSONEncoder):
    """JSON that people edit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "indent": 2})


def _json(rows: int, help_text: str) -> forms.JSONField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "class": "om-mono"})
    return forms.JSONField(widget=widget, help_text=help_text, encoder=Indented)


def _number(name: str, initial: int, label: str, help_text: str = "") -> forms.IntegerField:
    least, most = BOUNDS[name]
    return forms.IntegerField(
        min_value=int(least),
        max_value=int(most),
        initial=initial,
        label=label,
        help_text=help_text,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class ExperimentForm(forms.Form):
    """Target, claim, method, blast radius, safety, measuring, schedule."""

    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    description = forms.CharField(
        max_length=2_000, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), strip=True
    )
    service = forms.ChoiceField(
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="A service of the mesh. In a mesh called sandbox nobody has to approve the experiment.",
    )
    route = forms.CharField(
        max_length=120, required=False, widget=UnfoldAdminTextInputWidget, help_text="Or a route of the front door."
    )
    hypothesis = _json(
        3, f"What holds in the steady state: a list of a metric ({', '.join(METRICS)}) and its limit each."
    )
    method = _json(
        5,
        f"The steps: mode ({', '.join(MODES)}), after_s, for_s, and what the mode takes: delay_ms, status, kib_per_s, "
        "instance, process, percent, mib, depth and spread_ms.",
    )
    safety = _json(3, "When one of these breaks, everything is rolled back within a second.")
    percent = forms.DecimalField(
        min_value=0, max_value=100, decimal_places=2, initial=100, label="Share of requests, percent",
        widget=UnfoldAdminDecimalFieldWidget,
    )  # fmt: skip
    header = forms.CharField(
        max_length=60,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Only requests with this header are struck. The experiment's own requests carry it.",
    )
    header_value = forms.CharField(max_length=120, required=False, widget=UnfoldAdminTextInputWidget)
    duration_s = _number("duration_s", 30, "Duration, seconds", "Faults end by then, whatever happens to who leads it.")
    baseline_s = _number("baseline_s", 5, "Baseline, seconds")
    recovery_s = _number("recovery_s", 15, "Recovery waited for, seconds")
    safety_window_ms = _number("safety_window_ms", 1_000, "Safety rules look back, milliseconds")
    source = forms.ChoiceField(choices=Experiment.Source.choices, widget=UnfoldAdminSelectWidget, label="Measured by")
    probe_path = forms.CharField(max_length=500, initial="/", widget=UnfoldAdminTextInputWidget)
    probe_rate = _number("probe_rate", 20, "Requests of its own per second")
    probe_timeout_ms = _number("probe_timeout_ms", 2_000, "Their patience, milliseconds")
    starts_at = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="UTC. Empty: when somebody runs it."
    )
    repeat_s = forms.IntegerField(
        required=False,
        min_value=1,
        label="Again after, seconds",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="From start to start; empty: once.",
    )

    def __init__(self, *args: Any, services: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["service"]
        chosen.choices = [("", "–"), *((key, key) for key in services)]

    def draft(self) -> ExperimentDraft:
        """What was filled in, as the service takes it."""
        given = dict(self.cleaned_data)
        given["percent"] = float(given["percent"])
        if given["starts_at"] is not None:
            given["starts_at"] = given["starts_at"].astimezone(UTC)
        return ExperimentDraft(**given)

"""Forms of the registry's pages. What makes sense together is checked by the services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from governance.access.asking import DeedForm
from mesh.registry import policy
from mesh.registry.arriving import HEAVIEST, LONGEST_LEASE_S, NewInstance
from mesh.registry.models import Mesh, Service


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand together under a heading, with what they are about."""

    title: str
    about: str
    names: Sequence[str]


GROUPS = (
    Group("Load balancing", "Which instance takes the next request.", policy.BALANCING),
    Group(
        "Traffic split",
        "One version beside the others: a canary by weight or header, blue-green, or a mirror that gets copies.",
        policy.SPLIT,
    ),
    Group("Timeouts", "In milliseconds.", policy.TIMES),
    Group(
        "Retries", "With exponential backoff and full jitter between base and maximum, in milliseconds.", policy.RETRIES
    ),
    Group(
        "Active health checks",
        "Requests that tell healthy instances from others. Times in milliseconds.",
        policy.HEALTH,
    ),
    Group("Outlier detection", "An instance that fails real requests is left out for a while.", policy.OUTLIERS),
    Group(
        "Circuit breaker",
        "What the service may be asked to bear at once; beyond it requests are refused at once, without being sent.",
        policy.BREAKER,
    ),
)


def policy_form(page: Any, request: HttpRequest, service: Service) -> forms.Form:
    """All of the policy and the reason, with the model's own labels, ranges and help texts. `page`: the ModelAdmin."""
    made = {name: _field(page, request, name) for name in policy.POLICY}
    kind = type("PolicyForm", (DeedForm,), made)
    initial = {name: getattr(service, name) for name in policy.POLICY}
    form: forms.Form = kind(request.POST or None, initial=initial)
    return form


def _field(page: Any, request: HttpRequest, name: str) -> forms.Field:
    field: Any = Service._meta.get_field(name)
    # A model's own form would check the model's validators; a plain one has to be told of them.
    limits = zip(("min_value", "max_value"), policy.limits(field), strict=True) if _is_number(field) else ()
    found: forms.Field = page.formfield_for_dbfield(field, request, **dict(limits))
    return found


def _is_number(field: Any) -> bool:
    return isinstance(field, models.IntegerField)


def faults_to_fields(form: forms.Form, fields: Mapping[str, Sequence[str]]) -> None:
    """What a service refused, at the fields it is about; the rest above the form."""
    for name, messages in fields.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)


class ServiceForm(DeedForm):
    """A new service, with the usual policy."""

    mesh = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        max_length=63,
        widget=UnfoldAdminTextInputWidget,
        help_text="Lower-case letters, digits and hyphens. It is called as http://name/ through the mesh.",
    )
    type = forms.ChoiceField(choices=Service.Type.choices, widget=UnfoldAdminSelectWidget)
    protocol = forms.ChoiceField(choices=Service.Protocol.choices, widget=UnfoldAdminSelectWidget)
    description = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        meshes: Any = self.fields["mesh"]
        meshes.choices = [(name, name) for name in Mesh.objects.order_by("name").values_list("name", flat=True)]


class InstanceForm(forms.Form):
    """A new instance of a service that exists."""

    address = forms.CharField(
        max_length=45,
        widget=UnfoldAdminTextInputWidget,
        help_text="IPv4 or IPv6. Link-local, multicast and cloud metadata addresses are refused.",
    )
    port = forms.IntegerField(min_value=1, max_value=65_535, widget=UnfoldAdminIntegerFieldWidget)
    weight = forms.IntegerField(
        min_value=1,
        max_value=HEAVIEST,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Weighted round robin: its share beside the other instances' weights.",
    )
    version = forms.CharField(max_length=40, initial="v1", widget=UnfoldAdminTextInputWidget)
    lease_s = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_LEASE_S,
        widget=UnfoldAdminIntegerFieldWidget,
        label="Lease",
        help_text="Seconds that it stays without a heartbeat. Empty: it stays until it is taken out.",
    )
    metadata = forms.JSONField(
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text='Names and texts to find it by, such as {"zone": "a"}.',
    )

    def clean_metadata(self) -> dict[str, str]:
        found = self.cleaned_data.get("metadata") or {}
        if not (isinstance(found, dict) and all(isinstance(value, str) for value in found.values())):
            raise forms.ValidationError("A JSON object whose values are texts is needed.")
        return found

    def arriving(self, service: str) -> NewInstance:
        """What was filled in."""
        return NewInstance(service=service, **self.cleaned_data)


class DependencyForm(forms.Form):
    """Another service that this one calls."""

    called = forms.ChoiceField(widget=UnfoldAdminSelectWidget, help_text="The service that it calls.")
    is_critical = forms.BooleanField(
        required=False, initial=True, widget=UnfoldBooleanSwitchWidget, help_text="It cannot work without it."
    )

    def __init__(self, *args: Any, others: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        called: Any = self.fields["called"]
        called.choices = [(name, name) for name in others]

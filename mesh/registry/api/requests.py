"""Reading what several of the registry's endpoints are asked with."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from mesh.registry.arriving import NewInstance
from mesh.registry.models import Instance, Service
from mesh.registry.selectors import DEFAULT_MESH
from opinion_market.api.serializers import StrictTextField
from opinion_market.kernel.errors import InvalidInput

MOST_METADATA = 10


class MeshQuery(serializers.Serializer[Any]):
    mesh = StrictTextField(default=DEFAULT_MESH, max_length=40, help_text="The mesh that the service is in.")


class InstanceFilters(serializers.Serializer[Any]):
    version = StrictTextField(required=False, max_length=40)
    health = serializers.ChoiceField(choices=Instance.Health.choices, required=False)
    state = serializers.ChoiceField(choices=Instance.State.choices, required=False)
    node = StrictTextField(required=False, max_length=120)
    metadata = serializers.ListField(
        child=StrictTextField(max_length=200),
        required=False,
        max_length=MOST_METADATA,
        help_text="`name:value`; may be repeated, and all of them must fit.",
    )


class ServiceInstanceFilters(MeshQuery, InstanceFilters):
    """Of one service."""


class DiscoveryFilters(InstanceFilters):
    mesh = StrictTextField(required=False, max_length=40)
    service = StrictTextField(required=False, max_length=63)
    type = serializers.ChoiceField(choices=Service.Type.choices, required=False)


def names_text(text: str) -> str:
    """A name from an address. Raises InvalidInput for what no database can look for."""
    if "\x00" in text:
        raise InvalidInput("A name has no NUL characters.")
    return text


def asked_of_instances(given: Mapping[str, Any]) -> dict[str, Any]:
    """What `selectors.instances` is asked, from the filters. Raises InvalidInput for metadata without a colon."""
    asked = dict(given)
    pairs = [each.partition(":") for each in asked.pop("metadata", ())]
    if any(not colon for _, colon, _ in pairs):
        raise InvalidInput("metadata: write it as name:value.")
    return {**asked, "metadata": {name: value for name, _, value in pairs}}


def new_instance(given: Mapping[str, Any]) -> NewInstance:
    """From a validated body."""
    names = ("service", "address", "port", "weight", "version", "metadata", "lease_s", "node")
    return NewInstance(**{name: given[name] for name in names})

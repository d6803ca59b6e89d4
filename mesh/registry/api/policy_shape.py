"""A service's policy in the API: the fields of the model with its own ranges, choices and help texts."""

from typing import Any

from django.db import models
from rest_framework import serializers

from mesh.registry.models import Service
from mesh.registry.policy import POLICY, limits
from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField


def _input(name: str) -> serializers.Field[Any, Any, Any, Any]:
    field: models.Field[Any, Any] = Service._meta.get_field(name)  # type: ignore[assignment]
    told: dict[str, Any] = {"required": False, "help_text": str(field.help_text)}
    if field.choices:
        return serializers.ChoiceField(choices=list(field.flatchoices), **told)
    if isinstance(field, models.IntegerField):
        least, most = limits(field)
        return StrictIntegerField(min_value=least, max_value=most, **told)
    return StrictTextField(max_length=field.max_length, allow_blank=True, **told)


def _output(name: str) -> serializers.Field[Any, Any, Any, Any]:
    field: models.Field[Any, Any] = Service._meta.get_field(name)  # type: ignore[assignment]
    if field.choices:
        return serializers.ChoiceField(choices=list(field.flatchoices), help_text=str(field.help_text))
    kind = serializers.IntegerField if isinstance(field, models.IntegerField) else serializers.CharField
    return kind(help_text=str(field.help_text))


class PolicyInput(InputSerializer):
    """What is left out stays as it is. Times are milliseconds."""

    def get_fields(self) -> dict[str, Any]:
        return {name: _input(name) for name in POLICY}


class PolicySerializer(serializers.Serializer[Any]):
    """How callers are spread over the instances, and what happens when some of them fail. Times are milliseconds."""

    def get_fields(self) -> dict[str, Any]:
        return {name: _output(name) for name in POLICY}

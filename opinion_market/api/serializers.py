"""Strict input: what is not declared is refused, and nothing is converted silently."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

BIGGEST_INTEGER = 2**63 - 1


def valid(kind: type[serializers.Serializer[Any]], values: Any) -> dict[str, Any]:
    """The values as the serializer reads them. Raises ValidationError (422)."""
    serializer = kind(data=values)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


class InputSerializer(serializers.Serializer[Any]):
    """A body to be read. Refuses fields it does not know, so that a misspelt option is never ignored."""

    def to_internal_value(self, data: Any) -> Any:
        unknown: dict[str, Any] = {}
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = {
                str(name): [ErrorDetail("There is no such field.", code="unknown")]
                for name in data
                if name not in known
            }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **unknown}) from None
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer: "5", 5.0 and true are refused. Bounded to 64 bits unless told tighter."""

    default_error_messages = {"invalid": "An integer is required, not text, a fraction or a boolean."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", -BIGGEST_INTEGER)
        kwargs.setdefault("max_value", BIGGEST_INTEGER)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class StrictBooleanField(serializers.BooleanField):
    """true or false; neither 1 nor "yes"."""

    default_error_messages = {"invalid": "true or false is required."}

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid")
        return data


class StrictTextField(serializers.CharField):
    """JSON text without NUL characters; numbers are not turned into text."""

    default_error_messages = {"invalid": "Text is required."}

    def to_internal_value(self, data: Any) -> str:
        if type(data) is not str:
            self.fail("invalid")
        return super().to_internal_value(data)

"""The OpenAPI document: every operation tells how it fails, and with which problem."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from opinion_market.api.errors import (
    MalformedRequest,
    NotAuthenticated,
    TooManyRequests,
    UnsupportedMediaType,
)
from opinion_market.api.idempotency import HEADER, heeds_key
from opinion_market.api.problems import MEDIA_TYPE
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.kernel.errors import Conflict, DomainError, InvalidInput, NotFound, NotPermitted

Direction = Literal["request", "response"]

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "instance", "correlation_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Where this code is explained."},
        "title": {"type": "string", "description": "The same for every problem of this code."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened this time, for people."},
        "code": {"type": "string", "description": "Stable; decide by this one."},
        "instance": {"type": "string", "description": "The address that was asked."},
        "correlation_id": {"type": "string", "description": "Name it when you report the problem."},
        "data": {"type": "object", "description": "Figures to act on; depends on the code."},
        "errors": {
            "type": "array",
            "description": "The fields that were refused.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "A path such as orders.3.price; empty for the whole body.",
                    },
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

_NO_NUL = r"^[^\u0000]*$"
_ALWAYS: tuple[type[DomainError], ...] = (MalformedRequest, NotAuthenticated, NotPermitted, NotFound, TooManyRequests)
_WITH_BODY: tuple[type[DomainError], ...] = (Conflict, UnsupportedMediaType)


_METHODS = ("get", "post", "put", "patch", "delete")


def order_methods(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Each path's methods in one order. REST framework gives them as a set, so they would change places at every start."""
    for path, item in result["paths"].items():
        result["paths"][path] = {method: item[method] for method in _METHODS if method in item}
    return result


class ProblemAutoSchema(AutoSchema):
    """Adds the problem answers, and the `Idempotency-Key` header where a handler heeds it."""

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        failures: tuple[type[DomainError], ...] = (
            *_ALWAYS,
            InvalidInput,
            *(() if self.method == "GET" else _WITH_BODY),
        )
        for error in failures:
            bodies.setdefault(str(error.status), self._problem(error.title))
        return bodies

    def _problem(self, description: str) -> dict[str, Any]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM_SCHEMA, object="Problem"
        )
        self.registry.register_on_missing(component)
        return {"description": description, "content": {MEDIA_TYPE: {"schema": component.ref}}}

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if issubclass(serializer if isinstance(serializer, type) else type(serializer), InputSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(
        self, field: Any, direction: Direction, bypass_extensions: bool = False
    ) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, direction, bypass_extensions
        )
        if isinstance(field, StrictTextField):
            schema.setdefault("pattern", _NO_NUL)
        return schema

    def get_override_parameters(self) -> list[Any]:
        if not heeds_key(getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)):
            return []
        return [
            OpenApiParameter(
                name=HEADER,
                type=str,
                location=OpenApiParameter.HEADER,
                description="Repeating a request with the same key within 24 hours repeats the answer, not the effect.",
                pattern="^[ -~]{1,200}$",
            )
        ]

"""Reading well-formed bodies without the framework's serializers, which copy all of their fields for every body.

A `WellFormed` is derived from an input serializer. It answers what the serializer would make of a body, or None, which
means: ask the serializer, which alone says what is wrong. It knows plain values that no field converts (integers, choices,
booleans, short plain texts, canonical UUIDs); whatever else a body holds, a date say, is left to the serializer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.fields import empty

from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField

# What a reader answers for a value it leaves to the serializer.
_UNSURE = object()

Reader = Callable[[Any], Any]
AnyField = serializers.Field[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class _Plan:
    """One field: how to read it, and what an absent one becomes (`empty`: it is left out; `_UNSURE`: it is required)."""

    read: Reader
    absent: Any


class WellFormed:
    """The quick way through one input serializer."""

    def __init__(self, kind: type[InputSerializer]) -> None:
        if _has_rules_of_its_own(kind):
            raise TypeError(f"{kind.__name__} checks more than its fields, which only the serializer itself can do.")
        self._plans = {name: _plan(field) for name, field in kind().get_fields().items() if not field.read_only}

    def read(self, body: object) -> dict[str, Any] | None:
        """The serializer's validated data for this body, or None if only the serializer can tell."""
        if type(body) is not dict or not body.keys() <= self._plans.keys():
            return None
        values: dict[str, Any] = {}
        for name, plan in self._plans.items():
            if name in body:
                value = plan.read(body[name])
            elif plan.absent is empty:
                continue
            else:
                value = plan.absent
            if value is _UNSURE:
                return None
            values[name] = value
        return values


def _has_rules_of_its_own(kind: type[InputSerializer]) -> bool:
    overrides = {name for base in kind.__mro__[: kind.__mro__.index(InputSerializer)] for name in vars(base)}
    names = {"validate", "run_validation", "to_internal_value", "validators", "get_validators", "get_fields"}
    return any(name in names or name.startswith("validate_") for name in overrides)


def _plan(field: AnyField) -> _Plan:
    absent = _UNSURE if field.required else field.default
    if callable(absent) and absent is not empty:
        absent = _UNSURE
    read = _reader(field)
    return _Plan(_or_none(read) if field.allow_null else read, absent)


def _or_none(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _reader(field: AnyField) -> Reader:
    given: dict[str, Any] = getattr(field, "_kwargs", {})
    if {"validators", "source"}.isdisjoint(given):
        for kind, make in _MAKERS:
            if isinstance(field, kind) and _reads_as(field, kind):
                return make(field)
    return _unsure


def _reads_as(field: AnyField, kind: type[AnyField]) -> bool:
    """Whether a field, perhaps of a subclass, converts and checks values exactly as this kind of field does."""
    methods = ("to_internal_value", "run_validation", "run_validators", "validate_empty_values", "get_value")
    return all(getattr(type(field), name) is getattr(kind, name) for name in methods)


def _unsure(_: Any) -> Any:
    return _UNSURE


def _integer(field: Any) -> Reader:
    least, most = field.min_value, field.max_value
    return lambda value: value if type(value) is int and least <= value <= most else _UNSURE


def _boolean(_: Any) -> Reader:
    return lambda value: value if type(value) is bool else _UNSURE


def _choice(field: Any) -> Reader:
    known = frozenset(choice for choice in field.choices if type(choice) is str and choice)
    return lambda value: value if type(value) is str and value in known else _UNSURE


def _text(field: Any) -> Reader:
    """Printable ASCII without spaces at its ends: nothing there to be trimmed or refused."""
    shortest, longest = field.min_length or 1, field.max_length or 0

    def read(value: Any) -> Any:
        if type(value) is not str or not shortest <= len(value) <= longest:
            return _UNSURE
        return value if value.isascii() and value.isprintable() and value == value.strip() else _UNSURE

    return read


def _uuid(_: Any) -> Reader:
    return lambda value: _uuid_of(value) if type(value) is str and len(value) == 36 else _UNSURE


@lru_cache(maxsize=1_024)
def _uuid_of(text: str) -> Any:
    try:
        found = UUID(text)
    except ValueError:
        return _UNSURE
    return found if str(found) == text else _UNSURE


_MAKERS: tuple[tuple[type[AnyField], Callable[[Any], Reader]], ...] = (
    (StrictIntegerField, _integer),
    (StrictBooleanField, _boolean),
    (serializers.ChoiceField, _choice),
    (StrictTextField, _text),
    (serializers.UUIDField, _uuid),
)

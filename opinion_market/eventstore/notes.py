"""Notes: events people and programs outside may add. They can never pass for the platform's own."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.errors import UnacceptableEvent
from opinion_market.eventstore.read import RecordedEvent, read_stream

TYPE_PREFIX = "custom."
_TYPE = re.compile(r"custom\.[A-Za-z][A-Za-z0-9]{0,49}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_DEPTH = 20


@transaction.atomic
def record_note(
    *,
    actor: str,
    organization: UUID,
    name: str,
    type: str,
    data: Mapping[str, object],
    expected_version: int | None,
    now: datetime,
) -> RecordedEvent:
    """Append an event of one's own to the organization's stream `note-<organization>-<name>`.

    Raises: UnacceptableEvent (type without `custom.`, a name of other characters, fractions or integers beyond 64 bits in
    the data, NUL characters, more than 20 levels), VersionConflict. Takes no lock.
    """
    if not _TYPE.fullmatch(type):
        raise UnacceptableEvent(f"The type must be {TYPE_PREFIX} and up to 50 letters and digits.")
    if not _NAME.fullmatch(name):
        raise UnacceptableEvent("The name must be 1 to 50 small letters, digits and hyphens.")
    require_exact(data)
    stream = f"note-{organization}-{name}"
    event = NewEvent(type=type, data=data, at=now, metadata=metadata(actor=actor, organization=str(organization)))
    head = append(stream=stream, expected_version=expected_version, events=[event])
    (recorded,) = read_stream(stream, after=head.version - 1, until=head.version)
    return recorded


def require_exact(value: object, depth: int = 0) -> None:
    """Raises UnacceptableEvent for what JSON readers would not give back the same, so that its hash could not be recomputed."""
    if depth > _DEPTH:
        raise UnacceptableEvent(f"The data is nested deeper than {_DEPTH} levels.")
    if isinstance(value, Mapping):
        for key, item in value.items():
            require_exact(key, depth + 1)
            require_exact(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            require_exact(item, depth + 1)
    elif isinstance(value, str):
        if "\0" in value:
            raise UnacceptableEvent("The data holds a NUL character.")
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise UnacceptableEvent("The data holds an integer beyond 64 bits.")
    elif value is not None:
        raise UnacceptableEvent("The data holds a fraction; give an integer and name its unit.")

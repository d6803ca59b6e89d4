"""Who knows what needs attention: a registry that layers above fill, so that the hub can tell without knowing them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.access.policies import Access


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that waits for somebody. `name` stays the same when the words change; `link` leads to the rows that are counted.

    `is_fault`: it should never happen; else it is ordinary work.
    """

    name: str
    text: str
    count: int
    is_fault: bool
    link: str


# Answers what this caller should know of, confined to the organizations in which they hold the permission it takes.
Source = Callable[[Access, datetime], Sequence[Alert]]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Ask this source too, from now on; to be called in AppConfig.ready()."""
    if source not in _sources:
        _sources.append(source)


def alerts_of(access: Access, *, now: datetime) -> list[Alert]:
    """What the caller should know of, from every source, in the order they were registered."""
    return [alert for source in _sources for alert in source(access, now)]

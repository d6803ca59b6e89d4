"""The catalogue of event types: what may happen on the platform, in which category, in which shape.

Apps register theirs in `ready()`. A type nobody registered can still be recorded and read; it is listed as uncatalogued.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from opinion_market.eventstore.notes import TYPE_PREFIX


class Category(StrEnum):
    USER = "user"
    MARKET = "market"
    TRADE = "trade"
    ORDER = "order"
    PAYMENT = "payment"
    SYSTEM = "system"
    CUSTOM = "custom"
    UNCATALOGUED = "uncatalogued"


@dataclass(frozen=True, slots=True)
class EventType:
    """`type` as recorded; `streams` says where it stands; `schema_version` is the newest shape of its data."""

    type: str
    category: Category
    description: str
    streams: str
    schema_version: int = 1


_registered: dict[str, EventType] = {}


def register(types: Iterable[EventType]) -> None:
    """Raises ValueError for a type that is registered differently."""
    for each in types:
        if _registered.setdefault(each.type, each) != each:
            raise ValueError(f"The event type {each.type!r} is registered already.")


def registered() -> list[EventType]:
    """The catalogue, by category and type."""
    return sorted(_registered.values(), key=lambda each: (each.category, each.type))


def category_of(type: str) -> Category:
    """The category of any type that was recorded."""
    if type.startswith(TYPE_PREFIX):
        return Category.CUSTOM
    known = _registered.get(type)
    return known.category if known is not None else Category.UNCATALOGUED


def types_in(category: str) -> list[str]:
    """The types of a category."""
    return [each.type for each in registered() if each.category == category]


def _system(type: str, description: str, streams: str) -> EventType:
    return EventType(type, Category.SYSTEM, description, streams)


SYSTEM_TYPES = (
    _system("ProjectionRebuildStarted", "Somebody has a projection computed again.", "projection-<name>"),
    _system("ProjectionRebuildAbandoned", "A rebuild was given up.", "projection-<name>"),
    _system("ProjectionRebuilt", "A rebuilt projection took the place of the one in use.", "projection-<name>"),
    _system("SubscriptionRetried", "Somebody ended a failed subscription's pause.", "subscription-<name>"),
    _system("SubscriptionPaused", "Somebody stopped a subscription.", "subscription-<name>"),
    _system("SubscriptionResumed", "Somebody let a subscription go on.", "subscription-<name>"),
    _system("SnapshotsDiscarded", "A stream's snapshots were deleted.", "snapshots"),
    _system("SnapshotPolicyChanged", "It was decided how often a kind of streams is snapshotted.", "snapshots"),
    _system("SealKeyIntroduced", "A key signed a seal for the first time.", "seals"),
    _system("EventHandlerCreated", "Staff configured what is to be done when something happens.", "handler-<id>"),
    _system("EventHandlerChanged", "A handler was changed, enabled or disabled.", "handler-<id>"),
    _system("EventHandlerDisabled", "A handler failed so often that the platform disabled it.", "handler-<id>"),
    _system("ProcessStarted", "A process of several steps began.", "process-<id>"),
    _system("StepCompleted", "A step of a process was done.", "process-<id>"),
    _system("StepFailed", "A step was refused; those before it are undone.", "process-<id>"),
    _system("StepCompensated", "A step that had been done was undone.", "process-<id>"),
    _system("ProcessCompleted", "All steps of a process are done.", "process-<id>"),
    _system("ProcessCompensated", "All steps that had been done are undone.", "process-<id>"),
    _system("ProcessStuck", "A step cannot be undone, or fails again and again; a person is needed.", "process-<id>"),
    _system("ProcessRetried", "Somebody took over a process that was stuck.", "process-<id>"),
)

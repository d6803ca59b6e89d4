"""What can go wrong when events are appended or read."""

from opinion_market.kernel.errors import Conflict, DomainError, InvalidInput, NotFound


class VersionConflict(Conflict):
    """Somebody else appended to the stream since the caller read it. Read again, decide again."""

    code = "version_conflict"
    title = "The stream has moved on since it was read."


class EventNotFound(NotFound):
    code = "event_not_found"
    title = "There is no such event."


class StreamNotFound(NotFound):
    code = "stream_not_found"
    title = "There is no such stream."


class UnknownSubscription(NotFound):
    code = "unknown_subscription"
    title = "No subscription has this name."


class UnknownProjection(NotFound):
    code = "unknown_projection"
    title = "No projection has this name."


class UnknownCommand(NotFound):
    code = "unknown_command"
    title = "No command has this name."


class InvalidCommand(InvalidInput):
    """The command's input does not have the shape it needs; `errors` names the fields."""

    code = "invalid_command"
    title = "The command's input is not acceptable."


class SealNotFound(NotFound):
    code = "seal_not_found"
    title = "There is no seal of this number."


class NotSealedYet(Conflict):
    """Events are sealed every hour; ask again then."""

    code = "not_sealed_yet"
    title = "The event has not been sealed yet."


class SealBroken(DomainError):
    """The events under a seal no longer have its root: `manage.py verify_events` and a person are needed."""

    code = "seal_broken"
    status = 500
    title = "The events under this seal no longer have its root."


class ArchiveDamaged(DomainError):
    """A file of archived events is missing or is not what was written; it must come back from a backup."""

    code = "archive_damaged"
    status = 500
    title = "An archive file is missing or damaged."


class UnacceptableEvent(InvalidInput):
    """An event of one's own must not look like one of the platform's, and holds no fractions."""

    code = "unacceptable_event"
    title = "This event may not be appended."

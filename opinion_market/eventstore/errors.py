"""What can go wrong when events are appended or read."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound


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


class UnacceptableEvent(InvalidInput):
    """An event of one's own must not look like one of the platform's, and holds no fractions."""

    code = "unacceptable_event"
    title = "This event may not be appended."

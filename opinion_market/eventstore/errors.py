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


class CommandNotFound(NotFound):
    code = "command_not_found"
    title = "There is no such command, or none that you may see."


class CommandNotQueued(Conflict):
    """Only a command that nobody has begun to carry out can be cancelled."""

    code = "command_not_queued"
    title = "The command is no longer waiting."


class CommandAbandoned(Conflict):
    """It was interrupted, and so long ago that repeating it could have a second effect. See what it did before giving it again."""

    code = "command_abandoned"
    title = "It is not known whether the command was carried out."


class CommandFailed(DomainError):
    """The problem a command of earlier ended with, told again."""

    def __init__(self, *, code: str, status: int, title: str, message: str, data: dict[str, object]) -> None:
        super().__init__(message)
        self.code, self.status, self.title = code, status, title  # type: ignore[misc]
        self.data = data  # type: ignore[assignment]


class NoSuchVersion(NotFound):
    """Versions count from 1 without gaps; a moment before the first event has none."""

    code = "no_such_version"
    title = "The stream has no such version."


class TooFarBack(Conflict):
    """Too many events lie between the nearest snapshot and this version; `nearest_snapshot` may be asked for.

    A snapshot policy that keeps more snapshots brings older versions within reach.
    """

    code = "too_far_back"
    title = "The state at this version takes too many events to compute while you wait."


class NotRebuildable(Conflict):
    """It can only be rebuilt in place: `because` names what keeps its tables from being replaced."""

    code = "not_rebuildable_beside"
    title = "This projection cannot be rebuilt beside the one in use."


class NotRebuilding(Conflict):
    code = "not_rebuilding"
    title = "No rebuild of this projection is under way."


class InvalidState(Conflict):
    """A subscription that is paused can be resumed, and one that runs can be paused."""

    code = "already_so"
    title = "It is in this state already."


class HandlerNotFound(NotFound):
    code = "event_handler_not_found"
    title = "There is no such event handler, or none that you may see."


class InvalidHandler(InvalidInput):
    """The action, its settings or the filter cannot work."""

    code = "invalid_event_handler"
    title = "The event handler is not acceptable."


class UnsafeAddress(InvalidInput):
    """A webhook goes to an http(s) address on the public internet."""

    code = "unsafe_address"
    title = "Webhooks may not be sent to this address."


class InvalidPolicy(InvalidInput):
    code = "invalid_snapshot_policy"
    title = "This snapshot policy is not acceptable."


class UnknownProcess(NotFound):
    code = "unknown_process"
    title = "No process has this name."


class ProcessNotFound(NotFound):
    code = "process_not_found"
    title = "There is no such process, or none that you may see."


class ProcessNotStuck(Conflict):
    """Processes go on by themselves; only one that is stuck waits for a person."""

    code = "process_not_stuck"
    title = "The process is not stuck."

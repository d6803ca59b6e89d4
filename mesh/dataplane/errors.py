"""What the data plane's services refuse."""

from opinion_market.kernel.errors import Conflict, NotFound


class SnapshotNotFound(NotFound):
    code = "configuration_not_found"
    title = "There is no such configuration, or it is no longer kept."


class AlreadyLive(Conflict):
    code = "configuration_already_live"
    title = "This configuration is what is wanted already."


class CannotRestore(Conflict):
    """Something that came since needs what the rollback would remove."""

    code = "configuration_cannot_be_restored"
    title = "What has come since stands in the way of this configuration."

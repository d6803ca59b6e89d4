"""Why a replay does not start."""

from opinion_market.kernel.errors import InvalidInput


class UnusableRecord(InvalidInput):
    """A file of recorded trades or outcomes cannot be replayed; the message names the file and, where there is one, the line."""

    code = "unusable_record"
    title = "The recorded trades cannot be replayed."

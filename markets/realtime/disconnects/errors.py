"""Why orders are not, or not yet, watched over."""

from opinion_market.kernel.errors import Conflict


class CancellingNow(Conflict):
    """The socket before was missing for too long. What it left open is being cancelled; ask again when that is done."""

    code = "cancelling_now"
    title = "Your orders are being cancelled at this moment."

"""What the traders' figures refuse."""

from opinion_market.kernel.errors import NotFound


class TraderNotFound(NotFound):
    """Also answered for a user whose figures the caller may not see: one needs to share an organization and hold the
    permissions analytics.read and participants.read there."""

    code = "trader_not_found"
    title = "There is no such trader, or none whose figures you may see."

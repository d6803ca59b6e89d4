"""Why the watchlist refuses."""

from opinion_market.kernel.errors import Conflict, NotFound


class NotWatched(NotFound):
    """The market is not on your watchlist."""

    code = "not_watched"
    title = "The market is not on your watchlist."


class WatchlistFull(Conflict):
    """Take a market off the list first; `data.maximum` says how many it holds."""

    code = "watchlist_full"
    title = "The watchlist is full."

"""What Django finds of the markets app: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.analytics.markets.models import MarketBucket, MarketFigures, MarketTrader, MarketTraderDay
from markets.comments.models import Comment, CommentReport
from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market, Outcome
from markets.trading.models import Order, Position, Trade
from markets.watchlist.models import WatchedMarket

__all__ = [
    "Account",
    "Comment",
    "CommentReport",
    "Market",
    "MarketBucket",
    "MarketFigures",
    "MarketTrader",
    "MarketTraderDay",
    "Order",
    "Outcome",
    "Position",
    "Posting",
    "Trade",
    "WatchedMarket",
]

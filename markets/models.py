"""What Django finds of the markets app: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.analytics.leaderboards.models import Listing, Standing
from markets.analytics.traders.models import AccountCash, MarketClose, MarketCourse, TraderDay, TraderResult
from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market, Outcome
from markets.trading.models import Order, Position, Trade

__all__ = [
    "Account",
    "AccountCash",
    "Listing",
    "Market",
    "MarketClose",
    "MarketCourse",
    "Order",
    "Outcome",
    "Position",
    "Posting",
    "Standing",
    "Trade",
    "TraderDay",
    "TraderResult",
]

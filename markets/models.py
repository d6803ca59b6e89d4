"""What Django finds of the markets app: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market, MarketGroup, Outcome
from markets.trading.models import Order, Position, Trade

__all__ = ["Account", "Market", "MarketGroup", "Order", "Outcome", "Position", "Posting", "Trade"]

"""What Django's admin finds of the markets app: an explicit list over its subpackages. Nobody imports from here."""

from markets.analytics.leaderboards.admin import StandingAdmin
from markets.ledger.admin import AccountAdmin, PostingAdmin
from markets.lifecycle.admin import MarketAdmin
from markets.trading.admin import OrderAdmin, PositionAdmin, TradeAdmin

__all__ = ["AccountAdmin", "MarketAdmin", "OrderAdmin", "PositionAdmin", "PostingAdmin", "StandingAdmin", "TradeAdmin"]

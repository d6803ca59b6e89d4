"""What Django's admin finds of the markets app: an explicit list over its subpackages. Nobody imports from here."""

from markets.analytics.leaderboards.admin import StandingAdmin
from markets.comments.admin import CommentAdmin
from markets.ledger.admin import AccountAdmin, PostingAdmin
from markets.lifecycle.admin import MarketAdmin
from markets.lifecycle.group_admin import MarketGroupAdmin
from markets.rewards.admin import RewardCampaignAdmin, RewardPayoutAdmin
from markets.trading.admin import OrderAdmin, PositionAdmin, TradeAdmin
from markets.trading.limit_admin import LimitDefaultsAdmin

__all__ = [
    "AccountAdmin",
    "CommentAdmin",
    "LimitDefaultsAdmin",
    "MarketAdmin",
    "MarketGroupAdmin",
    "OrderAdmin",
    "PositionAdmin",
    "PostingAdmin",
    "RewardCampaignAdmin",
    "RewardPayoutAdmin",
    "StandingAdmin",
    "TradeAdmin",
]

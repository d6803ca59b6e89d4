"""What Django finds of the markets app: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.analytics.leaderboards.models import Listing, Standing
from markets.analytics.markets.models import MarketBucket, MarketFigures, MarketTrader, MarketTraderDay
from markets.analytics.traders.models import AccountCash, MarketClose, MarketCourse, TraderDay, TraderResult
from markets.comments.models import Comment, CommentReport
from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market, MarketGroup, Outcome
from markets.lifecycle.resolution.models import DecisionRequest, Dispute, Evidence, ResolutionProposal
from markets.performance.models import ExchangeMinute, ExchangeSecond
from markets.realtime.disconnects.models import CancelOnDisconnect
from markets.rewards.models import RewardCampaign, RewardHour, RewardPayout, RewardSample, RewardScore
from markets.trading.limit_models import LimitDefaults
from markets.trading.models import Order, Position, Trade
from markets.watchlist.models import WatchedMarket

__all__ = [
    "Account",
    "AccountCash",
    "CancelOnDisconnect",
    "Comment",
    "CommentReport",
    "DecisionRequest",
    "Dispute",
    "Evidence",
    "ExchangeMinute",
    "ExchangeSecond",
    "LimitDefaults",
    "Listing",
    "Market",
    "MarketBucket",
    "MarketClose",
    "MarketCourse",
    "MarketFigures",
    "MarketGroup",
    "MarketTrader",
    "MarketTraderDay",
    "Order",
    "Outcome",
    "Position",
    "Posting",
    "ResolutionProposal",
    "RewardCampaign",
    "RewardHour",
    "RewardPayout",
    "RewardSample",
    "RewardScore",
    "Standing",
    "Trade",
    "TraderDay",
    "TraderResult",
    "WatchedMarket",
]

"""What Django finds of the markets app: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market, MarketGroup, Outcome
from markets.lifecycle.resolution.models import DecisionRequest, Dispute, Evidence, ResolutionProposal
from markets.rewards.models import RewardCampaign, RewardHour, RewardPayout, RewardSample, RewardScore
from markets.trading.limit_models import LimitDefaults
from markets.trading.models import Order, Position, Trade

__all__ = [
    "Account",
    "DecisionRequest",
    "Dispute",
    "Evidence",
    "LimitDefaults",
    "Market",
    "MarketGroup",
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
    "Trade",
]

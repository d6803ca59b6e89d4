"""What Django finds of the markets app: an explicit list over its subpackages. Nobody inside the project imports from here."""

from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market, Outcome
from markets.rewards.models import RewardCampaign, RewardHour, RewardPayout, RewardSample, RewardScore
from markets.trading.limit_models import LimitDefaults
from markets.trading.models import Order, Position, Trade

__all__ = [
    "Account",
    "LimitDefaults",
    "Market",
    "Order",
    "Outcome",
    "Position",
    "Posting",
    "RewardCampaign",
    "RewardHour",
    "RewardPayout",
    "RewardSample",
    "RewardScore",
    "Trade",
]

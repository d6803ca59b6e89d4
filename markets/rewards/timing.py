"""A campaign's hours: counted from its start, not by the clock."""

from datetime import datetime, timedelta
from uuid import UUID

from markets.rewards.models import RewardCampaign

HOUR = timedelta(hours=1)


def stream_of(campaign_id: UUID) -> str:
    """The name of a campaign's stream."""
    return f"campaign-{campaign_id}"


def hours_of(campaign: RewardCampaign) -> int:
    """How many hours it has in all."""
    return (campaign.ends_at - campaign.starts_at) // HOUR


def hours_over(campaign: RewardCampaign, now: datetime) -> int:
    """How many of its hours lie behind."""
    return max(0, (min(now, campaign.ends_at) - campaign.starts_at) // HOUR)

"""What the scheduler does for reward campaigns: start, sample, pay, finish. Harmless to repeat and to run twice at once."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError

from markets.rewards.models import RewardCampaign
from markets.rewards.sampling import sample_books
from markets.rewards.services import LIVE, advance_campaign
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)


def run_campaigns(*, now: datetime) -> int:
    """Take every campaign as far as `now`, hours that were missed included, then sample; returns how many were sampled."""
    due = RewardCampaign.objects.filter(state__in=LIVE, starts_at__lte=now).order_by("starts_at", "pk")
    for campaign_id in list(due.values_list("pk", flat=True)):
        _catch_up(campaign_id, now)
    return sample_books(now=now)


def _catch_up(campaign_id: UUID, now: datetime) -> None:
    try:
        while advance_campaign(campaign_id=campaign_id, now=now):
            pass
    except (DatabaseError, DomainError):
        # The others must not wait for one that fails; the next round tries it again.
        log.exception("Reward campaign %s could not be taken further", campaign_id)

"""What the scheduler does for reward campaigns: start, sample, pay, finish. Harmless to repeat and to run twice at once."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from markets.rewards.models import RewardCampaign
from markets.rewards.sampling import sample_books
from markets.rewards.services import LIVE, advance_campaign
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

SAMPLES_KEPT_FOR = timedelta(days=30)
_DECIDED = (
    "p.campaign_id = c.id AND p.sampled_at < %s AND "
    "(c.state IN ('finished', 'stopped') OR p.sampled_at < c.starts_at + c.hours_paid * interval '1 hour')"
)
_OLD_SCORES = (
    "DELETE FROM markets_rewardscore s USING markets_rewardsample p, markets_rewardcampaign c "  # noqa: S608
    f"WHERE s.sample_id = p.id AND {_DECIDED}"
)
_OLD_SAMPLES = f"DELETE FROM markets_rewardsample p USING markets_rewardcampaign c WHERE {_DECIDED}"  # noqa: S608


def run_campaigns(*, now: datetime) -> int:
    """Take every campaign as far as `now`, hours that were missed included, then sample; returns how many were sampled."""
    due = RewardCampaign.objects.filter(state__in=LIVE, starts_at__lte=now).order_by("starts_at", "pk")
    for campaign_id in list(due.values_list("pk", flat=True)):
        _catch_up(campaign_id, now)
    return sample_books(now=now)


def purge_samples(*, now: datetime) -> int:
    """Forget samples of decided hours after SAMPLES_KEPT_FOR, with their scores; returns how many. Payouts stay."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OLD_SCORES, [now - SAMPLES_KEPT_FOR])
        cursor.execute(_OLD_SAMPLES, [now - SAMPLES_KEPT_FOR])
        return int(cursor.rowcount)


def _catch_up(campaign_id: UUID, now: datetime) -> None:
    try:
        while advance_campaign(campaign_id=campaign_id, now=now):
            pass
    except (DatabaseError, DomainError):
        # The others must not wait for one that fails; the next round tries it again.
        log.exception("Reward campaign %s could not be taken further", campaign_id)

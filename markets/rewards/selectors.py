"""Reading campaigns: who may see which, how the running hour stands, and what somebody earned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from governance.access.policies import Access
from governance.identity.models import User
from markets.lifecycle.selectors import UNPUBLISHED
from markets.rewards.apportioning import apportion, hour_budget
from markets.rewards.errors import CampaignNotFound
from markets.rewards.models import RewardCampaign, RewardPayout
from markets.rewards.timing import HOUR, hours_of, hours_over
from markets.trading.selectors import account_ids_of


def campaigns_visible_to(access: Access) -> QuerySet[RewardCampaign]:
    """Campaigns the caller may read: of their organizations, and those in markets that everybody may see."""
    if access.everything:
        return RewardCampaign.objects.all()
    public = Q(market__is_public=True, organization__is_active=True) & ~Q(market__status__in=UNPUBLISHED)
    return RewardCampaign.objects.filter(Q(organization_id__in=list(access.roles)) | public)


def campaign_visible_to(access: Access, campaign_id: UUID) -> RewardCampaign:
    """One campaign with its organization. Raises CampaignNotFound."""
    found = campaigns_visible_to(access).select_related("organization").filter(pk=campaign_id).first()
    if found is None:
        raise CampaignNotFound(campaign=str(campaign_id))
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's part of the running hour so far: weight in parts of the hour's samples (see `sampling.SHARE_SCALE`),
    share in parts per million, and the units it would be paid if the hour ended like this."""

    account: int
    weight: int
    share_ppm: int
    units: int


@dataclass(frozen=True, slots=True)
class RunningHour:
    """The hour that is to be paid next: its number, its budget in units, and how it stands, the largest share first."""

    hour: int
    begun_at: datetime
    budget_units: int
    standings: Sequence[Standing]


# The running hour of each campaign begins a whole number of hours after its start.
_RUNNING_WEIGHTS = """
SELECT c.id, s.account_id, sum(s.share)::bigint FROM markets_rewardcampaign c
JOIN markets_rewardsample p ON p.campaign_id = c.id
    AND p.sampled_at >= c.starts_at + floor(extract(epoch FROM %(now)s - c.starts_at) / 3600) * interval '1 hour'
JOIN markets_rewardscore s ON s.sample_id = p.id AND s.share > 0
WHERE c.id = ANY(%(campaigns)s::uuid[]) AND c.starts_at <= %(now)s
GROUP BY c.id, s.account_id
"""


def running_hours(campaigns: Iterable[RewardCampaign], *, now: datetime) -> list[tuple[RewardCampaign, RunningHour]]:
    """Those of the campaigns that are running and have an hour that is not over, with that hour. One query for all."""
    running = [
        each
        for each in campaigns
        if each.state == RewardCampaign.State.RUNNING and hours_over(each, now) < hours_of(each)
    ]
    weights: dict[UUID, dict[int, int]] = {each.pk: {} for each in running}
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING_WEIGHTS, {"now": now, "campaigns": list(weights)})
        for campaign_id, account, weight in cursor.fetchall():
            weights[campaign_id][account] = weight
    return [(each, _standing_of(each, weights[each.pk], now)) for each in running]


def _standing_of(campaign: RewardCampaign, weights: dict[int, int], now: datetime) -> RunningHour:
    hour = hours_over(campaign, now)
    begun_at = campaign.starts_at + hour * HOUR
    budget, total = hour_budget(campaign.budget_units, hours_of(campaign), hour), sum(weights.values())
    shares = apportion(budget, weights)
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    standings = [
        Standing(account, weight, weight * 1_000_000 // total, shares.get(account, 0)) for account, weight in ranked
    ]
    return RunningHour(hour, begun_at, budget, standings)


def payouts_of(user: User) -> QuerySet[RewardPayout]:
    """What the user's accounts were paid, newest first, with hour and campaign."""
    paid = RewardPayout.objects.filter(account__in=account_ids_of(user))
    return paid.select_related("hour__campaign").order_by("-id")


def campaigns_open_to(user: User, access: Access) -> QuerySet[RewardCampaign]:
    """Running campaigns of the user's organizations, by start."""
    visible = campaigns_visible_to(access).filter(state=RewardCampaign.State.RUNNING)
    return visible.filter(organization__accounts__in=account_ids_of(user)).distinct().order_by("starts_at", "pk")

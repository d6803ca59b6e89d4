"""Paying one hour of a campaign: its budget, divided by the shares in the hour's samples."""

from datetime import datetime, timedelta

from django.db.models import Sum

from markets.ledger.models import Posting
from markets.ledger.transfers import post
from markets.rewards.apportioning import apportion, hour_budget
from markets.rewards.models import RewardCampaign, RewardHour, RewardPayout, RewardScore
from markets.rewards.timing import HOUR, hours_of, stream_of
from opinion_market.eventstore.append import metadata


def weights_between(campaign: RewardCampaign, since: datetime, until: datetime) -> dict[int, int]:
    """The sum of each account's shares over the samples of since <= time < until: every sample counts the same."""
    scores = RewardScore.objects.filter(
        sample__campaign=campaign, sample__sampled_at__gte=since, sample__sampled_at__lt=until
    )
    sums = scores.order_by().values("account").annotate(weight=Sum("share"))
    return {account: int(weight) for account, weight in sums.values_list("account", "weight") if weight}


def payable_accounts(campaign: RewardCampaign) -> set[int]:
    """Every account that has scored in an hour that is not paid yet."""
    since = campaign.starts_at + campaign.hours_paid * HOUR
    return set(weights_between(campaign, since, campaign.ends_at))


def pay_hour(campaign: RewardCampaign, *, now: datetime, elapsed: timedelta = HOUR) -> RewardHour:
    """Pay the next hour of a campaign whose row is locked; `elapsed`: how much of it counts, if it is cut short.

    Everything goes to those who scored, or nothing if nobody did; then the money stays in the campaign's account. Locks: the
    accounts, by id. Appends: RewardsPaid.
    """
    if campaign.account_id is None:
        raise ValueError("A campaign that has not started has nothing to pay.")
    hour = campaign.hours_paid
    begun_at = campaign.starts_at + hour * HOUR
    whole = hour_budget(campaign.budget_units, hours_of(campaign), hour)
    budget = whole * int(elapsed.total_seconds()) // int(HOUR.total_seconds())
    weights = weights_between(campaign, begun_at, begun_at + HOUR)
    shares = apportion(budget, weights)
    paid = sum(shares.values())
    position = post(
        stream=stream_of(campaign.pk),
        type="RewardsPaid",
        data={
            "hour": hour,
            "begun_at": begun_at.isoformat(),
            "budget_units": budget,
            "payouts": [[account, units] for account, units in sorted(shares.items())],
        },
        metadata=metadata(actor=None, organization=str(campaign.organization_id)),
        moves={campaign.account_id: -paid, **shares} if paid else {},
        reason=Posting.Reason.REWARD,
        now=now,
    )
    decided = RewardHour.objects.create(
        campaign=campaign,
        hour=hour,
        starts_at=begun_at,
        budget_units=budget,
        paid_units=paid,
        accounts=len(shares),
        event_position=position,
    )
    RewardPayout.objects.bulk_create(
        RewardPayout(hour=decided, account_id=account, weight=weights[account], units=units)
        for account, units in sorted(shares.items())
    )
    campaign.hours_paid += 1
    campaign.paid_units += paid
    campaign.save(update_fields=["hours_paid", "paid_units"])
    return decided

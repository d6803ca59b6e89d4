"""What the reward endpoints take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.engine.units import MAX_QUANTITY
from markets.ledger.services import MAX_UNITS
from markets.rewards.models import RewardCampaign, RewardPayout
from markets.rewards.selectors import RunningHour
from markets.rewards.services import MOST_HOURS
from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField

SHARES_SHOWN = 50


class CampaignSerializer(serializers.Serializer[Any]):
    """A budget for resting orders near the mid price, in one market or in all open markets of a category."""

    id = serializers.UUIDField()
    organization = serializers.UUIDField()
    organization_slug = serializers.CharField()
    name = serializers.CharField()
    market = serializers.UUIDField(allow_null=True)
    category = serializers.CharField(help_text="Empty if it is for a market.")
    state = serializers.ChoiceField(choices=RewardCampaign.State.choices)
    budget = serializers.IntegerField(help_text="Units, in equal parts over the hours.")
    max_distance = serializers.IntegerField(help_text="Units from the mid; an order there or further scores nothing.")
    min_size = serializers.IntegerField(help_text="Contracts; smaller resting orders are not looked at.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    hours_paid = serializers.IntegerField(help_text="Hours that have been decided.")
    paid = serializers.IntegerField(help_text="Units paid so far.")
    returned = serializers.IntegerField(help_text="Units given back to the subsidy at the end.")
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()


class ShareSerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    share_ppm = serializers.IntegerField(help_text="Parts per million of the hour so far.")
    units = serializers.IntegerField(help_text="What it would pay if the hour ended like this.")
    is_yours = serializers.BooleanField()


class RunningHourSerializer(serializers.Serializer[Any]):
    """The hour that is paid next, as it stands."""

    hour = serializers.IntegerField()
    begun_at = serializers.DateTimeField()
    budget = serializers.IntegerField(help_text="Units.")
    participants = serializers.IntegerField()
    shares = ShareSerializer(many=True, help_text=f"The largest {SHARES_SHOWN}, and yours; whose they are is not told.")


class CampaignDetailSerializer(CampaignSerializer):
    running_hour = RunningHourSerializer(allow_null=True, help_text="Null unless it is running.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A day in one market",
            value={
                "organization": "weather-desk",
                "name": "Rain in Lisbon, opening day",
                "market": "019ff2c0-11d2-7c3b-8f0e-5a7d2b9c4e10",
                "budget": 2_400_000,
                "max_distance": 300,
                "min_size": 20,
                "hours": 24,
            },
            request_only=True,
        )
    ]
)
class CampaignInput(InputSerializer):
    organization = StrictTextField(max_length=60, help_text="Id or short name.")
    name = StrictTextField(max_length=120)
    market = serializers.UUIDField(allow_null=True, default=None, help_text="Either this or a category.")
    category = StrictTextField(max_length=60, allow_blank=True, default="")
    budget = StrictIntegerField(min_value=1, max_value=MAX_UNITS, help_text="Units, from the subsidy account.")
    max_distance = StrictIntegerField(min_value=1, max_value=9_999, help_text="Units from the mid price.")
    min_size = StrictIntegerField(min_value=1, max_value=MAX_QUANTITY, default=1, help_text="Contracts.")
    hours = StrictIntegerField(min_value=1, max_value=MOST_HOURS)
    starts_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text="A whole minute that lies ahead; null: now."
    )


class StopInput(InputSerializer):
    reason = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Required. Everybody can read it.")


class PayoutSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    campaign = serializers.UUIDField()
    campaign_name = serializers.CharField()
    account = serializers.IntegerField()
    hour = serializers.IntegerField()
    begun_at = serializers.DateTimeField(help_text="When the hour began.")
    units = serializers.IntegerField()
    event_position = serializers.IntegerField(
        help_text="The event that paid it; the entry in your statement has it too."
    )


class ScoreSerializer(serializers.Serializer[Any]):
    """Your part of a campaign's running hour, per account."""

    campaign = serializers.UUIDField()
    campaign_name = serializers.CharField()
    account = serializers.IntegerField()
    hour = serializers.IntegerField()
    begun_at = serializers.DateTimeField()
    weight = serializers.IntegerField(help_text="The sum of your shares of its samples, in parts of 10^12.")
    share_ppm = serializers.IntegerField()
    units = serializers.IntegerField(help_text="What it would pay if the hour ended like this.")


class ScoresSerializer(serializers.Serializer[Any]):
    scores = ScoreSerializer(many=True)


def campaign_body(campaign: RewardCampaign) -> dict[str, object]:
    """A campaign, read with its organization."""
    return {
        "id": campaign.pk,
        "organization": campaign.organization_id,
        "organization_slug": campaign.organization.slug,
        "name": campaign.name,
        "market": campaign.market_id,
        "category": campaign.category,
        "state": campaign.state,
        "budget": campaign.budget_units,
        "max_distance": campaign.max_distance_units,
        "min_size": campaign.min_size_contracts,
        "starts_at": campaign.starts_at,
        "ends_at": campaign.ends_at,
        "hours_paid": campaign.hours_paid,
        "paid": campaign.paid_units,
        "returned": campaign.returned_units,
        "ended_at": campaign.ended_at,
        "end_reason": campaign.end_reason,
    }


def running_hour_body(running: RunningHour, own_accounts: set[int]) -> dict[str, object]:
    """The hour's shares without the accounts they belong to, but for the caller's own."""
    shown = [
        {
            "rank": rank,
            "share_ppm": each.share_ppm,
            "units": each.units,
            "is_yours": each.account in own_accounts,
        }
        for rank, each in enumerate(running.standings, start=1)
        if rank <= SHARES_SHOWN or each.account in own_accounts
    ]
    return {
        "hour": running.hour,
        "begun_at": running.begun_at,
        "budget": running.budget_units,
        "participants": len(running.standings),
        "shares": shown,
    }


def payout_body(payout: RewardPayout) -> dict[str, object]:
    """A payout, read with its hour and campaign."""
    return {
        "id": payout.pk,
        "campaign": payout.hour.campaign_id,
        "campaign_name": payout.hour.campaign.name,
        "account": payout.account_id,
        "hour": payout.hour.hour,
        "begun_at": payout.hour.starts_at,
        "units": payout.units,
        "event_position": payout.hour.event_position,
    }

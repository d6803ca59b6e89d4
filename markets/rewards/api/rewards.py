"""`/api/v1/rewards`: what the caller earned by quoting, and how their running hours stand."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, access, signed_in_user
from markets.rewards.api.shapes import PayoutSerializer, ScoresSerializer, payout_body
from markets.rewards.models import RewardPayout
from markets.rewards.selectors import campaigns_open_to, payouts_of, running_hours
from markets.trading.api.requests import valid
from markets.trading.selectors import account_ids_of
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock

CAMPAIGNS_SHOWN = 100


class PayoutFilters(serializers.Serializer[Any]):
    campaign = serializers.UUIDField(required=False)


@extend_schema(tags=["rewards"])
class PayoutViewSet(GenericViewSet[RewardPayout]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED}
    serializer_class = PayoutSerializer
    queryset = RewardPayout.objects.none()
    filter_backends = ()
    ordering = ("-id",)

    @extend_schema(
        operation_id="rewards_list",
        parameters=[PayoutFilters],
        responses=failing({200: PayoutSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """What you were paid for quoting, hour by hour, newest first."""
        filters = valid(PayoutFilters, request.query_params)
        found = payouts_of(signed_in_user(request))
        if "campaign" in filters:
            found = found.filter(hour__campaign=filters["campaign"])
        return self.get_paginated_response([payout_body(each) for each in self.paginate_queryset(found) or ()])


@extend_schema(tags=["rewards"])
class ScoresView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(operation_id="rewards_scores", responses=failing({200: ScoresSerializer}))
    def get(self, request: Request) -> Response:
        """Your part of the running hour in each running campaign you scored in, the earliest campaign first."""
        user = signed_in_user(request)
        own = set(account_ids_of(user))
        campaigns = campaigns_open_to(user, access(request))[:CAMPAIGNS_SHOWN]
        scores = [
            {
                "campaign": campaign.pk,
                "campaign_name": campaign.name,
                "account": each.account,
                "hour": running.hour,
                "begun_at": running.begun_at,
                "weight": each.weight,
                "share_ppm": each.share_ppm,
                "units": each.units,
            }
            for campaign, running in running_hours(campaigns, now=clock.now())
            for each in running.standings
            if each.account in own
        ]
        return Response({"scores": scores})

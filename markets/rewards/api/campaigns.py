"""`/api/v1/reward-campaigns`: what is paid for quoting, and staff who offers it."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import PUBLIC, access, signed_in_user
from governance.access.errors import PermissionMissing
from governance.identity.models import User
from governance.organizations.errors import OrganizationNotFound
from governance.organizations.selectors import organization_by
from markets.lifecycle.errors import InsufficientSubsidy, ReasonRequired
from markets.rewards import services
from markets.rewards.api.shapes import (
    CampaignDetailSerializer,
    CampaignInput,
    CampaignSerializer,
    StopInput,
    campaign_body,
    running_hour_body,
)
from markets.rewards.errors import CampaignEnded, CampaignNotFound, InvalidCampaign
from markets.rewards.models import RewardCampaign
from markets.rewards.selectors import campaign_visible_to, campaigns_visible_to, running_hours
from markets.trading.api.requests import valid
from markets.trading.selectors import account_ids_of
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

KEY_REFUSALS = (IdempotencyKeyReused, InvalidIdempotencyKey)


class CampaignFilters(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=RewardCampaign.State.choices, required=False)
    market = serializers.UUIDField(required=False)


@extend_schema(tags=["rewards"])
class CampaignViewSet(IdempotentMixin, GenericViewSet[RewardCampaign]):
    """Campaigns you may see: those of your organizations, and those in public markets."""

    permissions_required: ClassVar[dict[str, str]] = {
        "list": PUBLIC,
        "retrieve": PUBLIC,
        "create": services.NEEDED,
        "stop": services.NEEDED,
    }
    serializer_class = CampaignSerializer
    queryset = RewardCampaign.objects.none()
    filter_backends = ()
    ordering = ("-starts_at", "-id")

    @extend_schema(
        operation_id="reward_campaigns_list",
        parameters=[CampaignFilters],
        responses=failing({200: CampaignSerializer(many=True)}, InvalidCursor),
        auth=PUBLIC_AUTH,
    )
    def list(self, request: Request) -> Response:
        """Campaigns you may see, the latest start first."""
        filters = valid(CampaignFilters, request.query_params)
        found = campaigns_visible_to(access(request)).select_related("organization").filter(**filters)
        return self.get_paginated_response([campaign_body(each) for each in self.paginate_queryset(found) or ()])

    @extend_schema(
        operation_id="reward_campaigns_retrieve",
        responses=failing({200: CampaignDetailSerializer}, CampaignNotFound),
        auth=PUBLIC_AUTH,
    )
    def retrieve(self, request: Request, campaign_id: UUID) -> Response:
        """One campaign, and how the shares of its running hour stand."""
        campaign = campaign_visible_to(access(request), campaign_id)
        own = set(account_ids_of(request.user)) if isinstance(request.user, User) else set()
        running = [hour for _, hour in running_hours([campaign], now=clock.now())]
        shown = running_hour_body(running[0], own) if running else None
        return Response({**campaign_body(campaign), "running_hour": shown})

    @extend_schema(
        operation_id="reward_campaigns_create",
        request=CampaignInput,
        responses=failing(
            {201: CampaignSerializer},
            PermissionMissing,
            OrganizationNotFound,
            InvalidCampaign,
            InsufficientSubsidy,
            *KEY_REFUSALS,
        ),
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Offer rewards. The budget is taken from the subsidy account when it starts. Needs markets.approve."""
        wanted = valid(CampaignInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, wanted["organization"])
        draft = services.CampaignDraft(
            name=wanted["name"],
            market_id=wanted["market"],
            category=wanted["category"],
            budget_units=wanted["budget"],
            max_distance_units=wanted["max_distance"],
            min_size_contracts=wanted["min_size"],
            hours=wanted["hours"],
            starts_at=wanted["starts_at"],
        )
        made = services.create_campaign(actor=actor, organization_id=organization.pk, draft=draft, now=clock.now())
        return Response(campaign_body(made), status=201)

    @extend_schema(
        operation_id="reward_campaigns_stop",
        request=StopInput,
        responses=failing(
            {200: CampaignSerializer},
            PermissionMissing,
            CampaignNotFound,
            CampaignEnded,
            ReasonRequired,
            *KEY_REFUSALS,
        ),
    )
    @idempotent
    def stop(self, request: Request, campaign_id: UUID) -> Response:
        """End it now: the running hour is paid in part, what is left returns to the subsidy. Needs markets.approve."""
        reason = valid(StopInput, request.data)["reason"]
        campaign = campaign_visible_to(access(request), campaign_id)
        stopped = services.stop_campaign(
            actor=signed_in_user(request), campaign_id=campaign.pk, reason=reason, now=clock.now()
        )
        return Response(campaign_body(stopped))

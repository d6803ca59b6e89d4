"""`/api/v1/market-groups`: binary markets tied together under one question."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import PUBLIC, access, signed_in_user
from governance.access.errors import PermissionMissing
from governance.organizations.errors import OrganizationNotFound
from governance.organizations.selectors import organization_by
from markets.analytics.markets.ranking import day_figures
from markets.lifecycle import groups, selectors
from markets.lifecycle.api.group_shapes import GroupInput, GroupSerializer, GroupWithMarketsSerializer
from markets.lifecycle.api.shapes import market_body
from markets.lifecycle.errors import GroupNotFound, InvalidMarket
from markets.lifecycle.models import MarketGroup
from markets.trading.api.requests import valid
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey


class GroupFilters(serializers.Serializer[Any]):
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name.")


@extend_schema(tags=["markets"])
class MarketGroupViewSet(IdempotentMixin, GenericViewSet[MarketGroup]):
    """Groups with a market you may see, and those of organizations whose markets you may all see."""

    permissions_required: ClassVar[dict[str, str]] = {"list": PUBLIC, "retrieve": PUBLIC, "create": "markets.create"}
    serializer_class = GroupSerializer
    queryset = MarketGroup.objects.none()
    filter_backends = ()
    ordering = ("-created_at", "-id")

    @extend_schema(
        operation_id="market_groups_list",
        parameters=[GroupFilters],
        responses=failing({200: GroupSerializer(many=True)}, InvalidCursor),
        auth=PUBLIC_AUTH,
    )
    def list(self, request: Request) -> Response:
        """Groups you may see, newest first."""
        filters = valid(GroupFilters, request.query_params)
        found = selectors.groups_visible_to(access(request), organization=filters.get("organization"))
        return self.get_paginated_response([_body(group) for group in self.paginate_queryset(found) or ()])

    @extend_schema(
        operation_id="market_groups_retrieve",
        responses=failing({200: GroupWithMarketsSerializer}, GroupNotFound),
        auth=PUBLIC_AUTH,
    )
    def retrieve(self, request: Request, group_id: UUID) -> Response:
        """A group with its markets and their prices."""
        rights = access(request)
        group = selectors.group_visible_to(rights, group_id)
        members = selectors.markets_visible_to(rights).filter(group=group).order_by("created_at", "pk")
        members = members.select_related("organization").prefetch_related("outcomes")
        shows_people = rights.has("markets.read", group.organization_id)
        days = day_figures([market.pk for market in members], now=clock.now())
        bodies = [market_body(market, shows_people=shows_people, day=days[market.pk]) for market in members]
        return Response({**_body(group), "markets": bodies})

    @extend_schema(
        operation_id="market_groups_create",
        request=GroupInput,
        responses=failing(
            {201: GroupSerializer},
            PermissionMissing,
            OrganizationNotFound,
            InvalidMarket,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
        ),
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Make a group. Binary markets are then created with its id as their `group`."""
        wanted = valid(GroupInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, wanted.pop("organization"))
        group = groups.create_group(actor=actor, organization_id=organization.pk, now=clock.now(), **wanted)
        return Response(_body(group), status=201)


def _body(group: MarketGroup) -> dict[str, object]:
    return {
        "id": group.pk,
        "organization": group.organization_id,
        "question": group.question,
        "description": group.description,
        "created_at": group.created_at,
    }

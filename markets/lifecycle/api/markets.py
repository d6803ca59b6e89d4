"""`/api/v1/markets`: finding, reading and creating markets."""

from collections.abc import Sequence
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
from markets.lifecycle import selectors, services
from markets.lifecycle.api.shapes import MarketInput, MarketSerializer, market_body
from markets.lifecycle.errors import InvalidMarket
from markets.lifecycle.models import Market
from markets.openapi import PUBLIC_AUTH, failing
from markets.trading.api.requests import valid
from markets.trading.errors import MarketNotFound
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

READ = "markets.read"
ORDERINGS: dict[str, tuple[str, ...]] = {
    "newest": ("-created_at", "-id"),
    "volume": ("-volume_units", "-id"),
    "closing": ("closes_or_never", "id"),
}


class MarketFilters(serializers.Serializer[Any]):
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Market.Status.choices),
        required=False,
        max_length=len(Market.Status.values),
        help_text="May be repeated.",
    )
    kind = serializers.ChoiceField(choices=Market.Kind.choices, required=False)
    category = serializers.CharField(required=False, max_length=60)
    group = serializers.UUIDField(required=False, help_text="Markets of this group.")
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name.")
    is_public = serializers.ChoiceField(choices=["true", "false"], required=False)
    closing_from = serializers.DateTimeField(required=False, help_text="Closes at this time or later.")
    closing_before = serializers.DateTimeField(required=False, help_text="Closes before this time.")
    search = serializers.CharField(
        required=False, max_length=200, help_text='Words of the question; "a phrase", or, -not.'
    )
    ordering = serializers.ChoiceField(
        choices=list(ORDERINGS),
        default="newest",
        help_text="`volume` moves while markets trade, so a market may change pages while you turn them.",
    )


@extend_schema(tags=["markets"])
class MarketViewSet(IdempotentMixin, GenericViewSet[Market]):
    """Markets you may see: public ones that have opened, and those of your organizations."""

    permissions_required: ClassVar[dict[str, str]] = {"list": PUBLIC, "retrieve": PUBLIC, "create": "markets.create"}
    serializer_class = MarketSerializer
    queryset = Market.objects.none()
    filter_backends = ()
    ordering: tuple[str, ...] = ORDERINGS["newest"]

    @extend_schema(
        operation_id="markets_list",
        parameters=[MarketFilters],
        responses=failing({200: MarketSerializer(many=True)}, InvalidCursor),
        auth=PUBLIC_AUTH,
    )
    def list(self, request: Request) -> Response:
        """Markets you may see. Drafts and those awaiting approval are shown to those who hold markets.read."""
        filters = valid(MarketFilters, request.query_params)
        ordering = filters.pop("ordering")
        statuses, is_public = filters.pop("status", ()), filters.pop("is_public", None)
        found = selectors.matching(
            selectors.markets_visible_to(access(request)),
            statuses=statuses,
            is_public=is_public == "true" if is_public else None,
            **filters,
        )
        if ordering == "closing":
            found = selectors.with_closing_order(found)
        self.ordering = ORDERINGS[ordering]
        page = self.paginate_queryset(found.select_related("organization").prefetch_related("outcomes"))
        return self.get_paginated_response(self._bodies(page or ()))

    @extend_schema(
        operation_id="markets_retrieve",
        responses=failing({200: MarketSerializer}, MarketNotFound),
        auth=PUBLIC_AUTH,
    )
    def retrieve(self, request: Request, market_id: UUID) -> Response:
        """One market with its outcomes and their prices, its rules and its figures."""
        return Response(self._bodies([selectors.market_visible_to(access(request), market_id)])[0])

    @extend_schema(
        operation_id="markets_create",
        request=MarketInput,
        responses=failing(
            {201: MarketSerializer},
            PermissionMissing,
            OrganizationNotFound,
            InvalidMarket,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
        ),
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Create a draft. It takes `submit`, somebody else's `approve`, and `open` before anybody can trade."""
        wanted = valid(MarketInput, request.data)
        actor = signed_in_user(request)
        organization = organization_by(actor, wanted.pop("organization"))
        draft = services.MarketDraft(
            house_prior_units=wanted.pop("house_prior"),
            dispute_bond_units=wanted.pop("dispute_bond"),
            group_id=wanted.pop("group"),
            **wanted,
        )
        created = services.create_market(actor=actor, organization_id=organization.pk, draft=draft, now=clock.now())
        return Response(self._bodies([created])[0], status=201)

    def _bodies(self, markets: Sequence[Market]) -> Sequence[dict[str, object]]:
        """The markets with their last 24 hours, which one query tells of all of them."""
        days = day_figures([market.pk for market in markets], now=clock.now())
        held = access(self.request)
        return [
            market_body(market, shows_people=held.has(READ, market.organization_id), day=days[market.pk])
            for market in markets
        ]

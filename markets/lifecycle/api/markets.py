"""`/api/v1/markets`: finding, reading and creating markets."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import PUBLIC, access, signed_in_user
from governance.access.errors import PermissionMissing
from governance.organizations.errors import OrganizationNotFound
from governance.organizations.selectors import organization_by
from markets.analytics.markets.ranking import DayFigures
from markets.lifecycle import services
from markets.lifecycle.api.filters import ORDERINGS, MarketFilters
from markets.lifecycle.api.kept import kept_market, kept_markets, page_query, pieces_of
from markets.lifecycle.api.shapes import MarketInput, MarketSerializer, market_body
from markets.lifecycle.errors import InvalidMarket
from markets.lifecycle.glance import glance
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import READ
from markets.trading.api.requests import valid
from markets.trading.errors import MarketNotFound
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.json import dump
from opinion_market.api.openapi import NOT_MODIFIED, PUBLIC_AUTH, TAGGED, failing
from opinion_market.api.pagination import KeysetPagination
from opinion_market.api.representations import conditional_response, tag_of
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey


@extend_schema(tags=["markets"])
class MarketViewSet(IdempotentMixin, GenericViewSet[Market]):
    """Markets you may see: public ones that have opened, and those of your organizations."""

    permissions_required: ClassVar[dict[str, str]] = {"list": PUBLIC, "retrieve": PUBLIC, "create": "markets.create"}
    serializer_class = MarketSerializer
    queryset = Market.objects.none()
    filter_backends = ()
    ordering = ORDERINGS["newest"]

    @extend_schema(
        operation_id="markets_list",
        parameters=[MarketFilters, *TAGGED],
        responses=failing({200: MarketSerializer(many=True), **NOT_MODIFIED}, InvalidCursor),
        auth=PUBLIC_AUTH,
    )
    def list(self, request: Request) -> HttpResponse:
        """Markets you may see. Drafts and those awaiting approval are shown to those who hold markets.read."""
        caller = access(request)
        query = page_query(caller, request)
        pages = KeysetPagination()
        rows = pages.take(query.rows(), query.turn, request)
        found = kept_markets(pieces_of(rows, caller), now=clock.now())
        # The links' cursors carry the second they were made in, but lead to the same page.
        tag = tag_of("".join([str(pages.has_next), str(pages.has_previous), *(each.tag for each in found)]).encode())

        def body() -> bytes:
            following, preceding = (dump(link) for link in pages.links())
            results = b",".join([each.body for each in found])
            return b'{"next":%b,"previous":%b,"results":[%b]}' % (following, preceding, results)

        return conditional_response(request, tag, body)

    @extend_schema(
        operation_id="markets_retrieve",
        parameters=TAGGED,
        responses=failing({200: MarketSerializer, **NOT_MODIFIED}, MarketNotFound),
        auth=PUBLIC_AUTH,
    )
    def retrieve(self, request: Request, market_id: UUID) -> HttpResponse:
        """One market with its outcomes and their prices, its rules and its figures."""
        found = kept_market(glance(request.user, market_id), now=clock.now())
        return conditional_response(request, found.tag, lambda: found.body)

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
        shows_people = access(request).has(READ, created.organization_id)
        return Response(market_body(created, shows_people=shows_people, day=DayFigures()), status=201)

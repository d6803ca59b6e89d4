"""`/api/v1/watchlist`: the markets the caller keeps an eye on."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, signed_in_user
from markets.analytics.markets.api.headlines import HeadlineSerializer, headline_body
from markets.trading.errors import MarketNotFound
from markets.watchlist import services
from markets.watchlist.errors import NotWatched, WatchlistFull
from markets.watchlist.models import WatchedMarket
from markets.watchlist.selectors import Watched, watched_by, watchlist_of
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock


class WatchedSerializer(HeadlineSerializer):
    added_at = serializers.DateTimeField()


class WatchlistSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    maximum = serializers.IntegerField(help_text="How many markets a list holds.")
    markets = WatchedSerializer(many=True, help_text="The last one added first.")


def watched_body(watched: Watched) -> dict[str, object]:
    """A market on the list."""
    return {**headline_body(watched.market, watched.day), "added_at": watched.added_at}


@extend_schema(tags=["watchlist"])
class WatchlistViewSet(GenericViewSet[WatchedMarket]):
    permissions_required: ClassVar[dict[str, str]] = {
        "whole": AUTHENTICATED,
        "retrieve": AUTHENTICATED,
        "update": AUTHENTICATED,
        "destroy": AUTHENTICATED,
    }
    queryset = WatchedMarket.objects.none()
    filter_backends = ()
    pagination_class = None

    @extend_schema(operation_id="watchlist", responses=failing({200: WatchlistSerializer}))
    def whole(self, request: Request) -> Response:
        """Your watchlist with live prices and the last 24 hours. Markets you may no longer see are left out."""
        now = clock.now()
        found = watchlist_of(signed_in_user(request), now=now)
        bodies = [watched_body(watched) for watched in found]
        return Response({"at": now, "maximum": services.MOST_WATCHED, "markets": bodies})

    @extend_schema(operation_id="watchlist_retrieve", responses=failing({200: WatchedSerializer}, NotWatched))
    def retrieve(self, request: Request, market_id: UUID) -> Response:
        """One market of your watchlist."""
        return Response(watched_body(watched_by(signed_in_user(request), market_id, now=clock.now())))

    @extend_schema(
        operation_id="watchlist_add",
        request=None,
        responses=failing({200: WatchedSerializer, 201: WatchedSerializer}, MarketNotFound, WatchlistFull),
    )
    def update(self, request: Request, market_id: UUID) -> Response:
        """Put a market on your watchlist (201); one that is there already stays as it is (200)."""
        user, now = signed_in_user(request), clock.now()
        _, is_new = services.watch(actor=user, market_id=market_id, now=now)
        return Response(watched_body(watched_by(user, market_id, now=now)), status=201 if is_new else 200)

    @extend_schema(operation_id="watchlist_remove", responses=failing({204: None}))
    def destroy(self, request: Request, market_id: UUID) -> Response:
        """Take a market off your watchlist; one that is not on it changes nothing."""
        services.unwatch(actor=signed_in_user(request), market_id=market_id)
        return Response(status=204)

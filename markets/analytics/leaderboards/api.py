"""`/api/v1/leaderboards`: who leads in an organization, one's own places, and how one appears."""

from typing import Any, ClassVar

from django.db.models import Count, QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, signed_in_user
from governance.organizations.errors import OrganizationNotFound
from markets.analytics.csv_answers import csv_answer
from markets.analytics.leaderboards import listing
from markets.analytics.leaderboards.errors import InvalidPseudonym, OrganizationNeeded, PseudonymTaken
from markets.analytics.leaderboards.models import Listing, Standing
from markets.analytics.leaderboards.selectors import organization_ranked, standings_in
from markets.trading.api.requests import valid
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import InputSerializer, StrictTextField
from opinion_market.kernel import clock

REFUSALS = (OrganizationNotFound, OrganizationNeeded)
CSV_COLUMNS = ("rank", "name", "score", "raw", "markets", "fills", "credibility_millionths", "computed_at")


class OrganizationFilters(serializers.Serializer[Any]):
    organization = serializers.CharField(
        required=False, max_length=60, help_text="Id or short name; may be left out by members of exactly one."
    )


class BoardFilters(OrganizationFilters):
    window = serializers.ChoiceField(choices=Standing.Window.choices, default=Standing.Window.MONTH)
    metric = serializers.ChoiceField(choices=Standing.Metric.choices, default=Standing.Metric.PROFIT)
    category = serializers.CharField(default="", allow_blank=True, max_length=60, help_text="Empty: all markets.")


class StandingPlaceSerializer(serializers.Serializer[Any]):
    """Scores in units for profit and in millionths otherwise, shrunk towards the mean; for `brier` the least leads."""

    rank = serializers.IntegerField(help_text="Equal scores share a rank.")
    name = serializers.CharField()
    is_you = serializers.BooleanField()
    score = serializers.IntegerField()
    raw = serializers.IntegerField(help_text="Before shrinking.")
    markets = serializers.IntegerField(help_text="Markets that count.")
    fills = serializers.IntegerField()
    credibility_millionths = serializers.IntegerField(help_text="Weight of the own record in the score.")
    computed_at = serializers.DateTimeField()


class OwnPlaceSerializer(StandingPlaceSerializer):
    window = serializers.ChoiceField(choices=Standing.Window.choices)
    metric = serializers.ChoiceField(choices=Standing.Metric.choices)
    category = serializers.CharField()
    ranked = serializers.IntegerField(help_text="How many are ranked on this board.")


class OwnPlacesSerializer(serializers.Serializer[Any]):
    places = OwnPlaceSerializer(many=True, help_text="Boards on which you were not active enough are left out.")


class ListingSerializer(serializers.Serializer[Any]):
    shown = serializers.ChoiceField(choices=Listing.Shown.choices)
    pseudonym = serializers.CharField(help_text="Empty: the made-up one.")
    name = serializers.CharField(help_text="What others read.")


@extend_schema_serializer(
    examples=[OpenApiExample("A pseudonym", value={"shown": "pseudonym", "pseudonym": "Blue Heron"}, request_only=True)]
)
class ListingInput(InputSerializer):
    shown = serializers.ChoiceField(choices=Listing.Shown.choices)
    pseudonym = StrictTextField(max_length=40, allow_blank=True, default="")


def place_body(standing: Standing, request: Request) -> dict[str, object]:
    """A place, read with its account's owner and their listing."""
    owner = standing.account.owner
    return {
        "rank": standing.rank,
        "name": listing.shown_name(owner, getattr(owner, "listing", None)) if owner is not None else "",
        "is_you": standing.account.owner_id == signed_in_user(request).pk,
        "score": standing.score,
        "raw": standing.raw,
        "markets": standing.markets,
        "fills": standing.fills,
        "credibility_millionths": standing.credibility_millionths,
        "computed_at": standing.computed_at,
    }


@extend_schema(tags=["leaderboards"])
class LeaderboardViewSet(GenericViewSet[Standing]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": AUTHENTICATED,
        "export": AUTHENTICATED,
        "own": AUTHENTICATED,
    }
    serializer_class = StandingPlaceSerializer
    queryset = Standing.objects.none()
    filter_backends = ()
    ordering = ("rank", "id")

    @extend_schema(
        operation_id="leaderboards_list",
        parameters=[BoardFilters],
        responses=failing({200: StandingPlaceSerializer(many=True)}, *REFUSALS, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Places on one of your organization's leaderboards, best first. Computed every ten minutes.

        Who traded in fewer than three markets that count, or fewer than five times, in the window is not ranked.
        """
        page = self.paginate_queryset(self._board(request)) or ()
        return self.get_paginated_response([place_body(standing, request) for standing in page])

    @extend_schema(
        operation_id="leaderboards_export",
        parameters=[BoardFilters],
        responses=failing({(200, "text/csv"): OpenApiTypes.STR}, *REFUSALS),
        filters=False,
    )
    def export(self, request: Request) -> StreamingHttpResponse:
        """A whole leaderboard as CSV, best first."""
        bodies = (place_body(standing, request) for standing in self._board(request))
        return csv_answer("leaderboard.csv", CSV_COLUMNS, ([body[name] for name in CSV_COLUMNS] for body in bodies))

    @extend_schema(
        operation_id="leaderboards_own",
        parameters=[OrganizationFilters],
        responses=failing({200: OwnPlacesSerializer}, *REFUSALS),
        filters=False,
    )
    def own(self, request: Request) -> Response:
        """Your own places on all leaderboards of an organization."""
        filters = valid(OrganizationFilters, request.query_params)
        places = own_places(request, filters.get("organization"))
        return Response({"places": places})

    def _board(self, request: Request) -> QuerySet[Standing]:
        filters = valid(BoardFilters, request.query_params)
        organization = organization_ranked(signed_in_user(request), filters.get("organization"))
        board = {name: filters[name] for name in ("window", "metric", "category")}
        return standings_in(organization).filter(**board).order_by("rank", "id")


def own_places(request: Request, reference: str | None) -> list[dict[str, object]]:
    """Two statements: the own places, and how many are on those boards."""
    user = signed_in_user(request)
    everybody = standings_in(organization_ranked(user, reference))
    boards = everybody.order_by().values_list("window", "metric", "category").annotate(ranked=Count("pk"))
    counted = {(window, metric, category): ranked for window, metric, category, ranked in boards}
    return [
        {
            **place_body(standing, request),
            "window": standing.window,
            "metric": standing.metric,
            "category": standing.category,
            "ranked": counted[standing.window, standing.metric, standing.category],
        }
        for standing in everybody.filter(account__owner=user)
    ]


@extend_schema(tags=["leaderboards"])
class ListingView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED, "put": AUTHENTICATED}

    @extend_schema(operation_id="leaderboards_listing", responses=failing({200: ListingSerializer}))
    def get(self, request: Request) -> Response:
        """How you appear on leaderboards."""
        return Response(self._body(request, listing.listing_of(signed_in_user(request))))

    @extend_schema(
        operation_id="leaderboards_choose_listing",
        request=ListingInput,
        responses=failing({200: ListingSerializer}, InvalidPseudonym, PseudonymTaken),
    )
    def put(self, request: Request) -> Response:
        """Appear under a pseudonym, under your name, or not at all. Repeating it changes nothing more."""
        wanted = valid(ListingInput, request.data)
        chosen = listing.choose_listing(actor=signed_in_user(request), now=clock.now(), **wanted)
        return Response(self._body(request, chosen))

    def _body(self, request: Request, chosen: Listing) -> dict[str, object]:
        name = listing.shown_name(signed_in_user(request), chosen)
        return {"shown": chosen.shown, "pseudonym": chosen.pseudonym, "name": name}

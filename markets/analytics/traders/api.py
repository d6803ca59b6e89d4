"""`/api/v1/ai-analytics/analytics/user/...`: one's own figures, and for staff those of members."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import AUTHENTICATED, access, signed_in_user
from governance.organizations.errors import OrganizationNotFound
from governance.organizations.selectors import organization_by
from markets.analytics.csv_answers import csv_answer
from markets.analytics.traders import selectors, shapes
from markets.analytics.traders.errors import TraderNotFound
from markets.analytics.traders.figures import figures_of
from markets.analytics.traders.history import history
from markets.analytics.traders.periods import first_day
from markets.trading.api.requests import valid
from opinion_market.api.openapi import failing
from opinion_market.kernel import clock

REFUSALS = (TraderNotFound, OrganizationNotFound)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures were asked for, and of which organizations."""

    accounts: list[int]
    organizations: list[UUID]
    period: str
    now: datetime


def organizations_asked(request: Request, user_id: UUID, reference: str | None) -> list[UUID]:
    """Where the caller may see the user's figures, or the organization named. Raises TraderNotFound, OrganizationNotFound."""
    caller = signed_in_user(request)
    shared = selectors.organizations_shared(caller.pk, access(request), user_id)
    if reference is None:
        return shared
    named = organization_by(caller, reference).pk
    if named not in shared:
        raise TraderNotFound(user=str(user_id))
    return [named]


def asked(request: Request, user_id: UUID) -> Asked:
    filters = valid(shapes.FigureFilters, request.query_params)
    organizations = organizations_asked(request, user_id, filters.get("organization"))
    return Asked(selectors.accounts_of(user_id, organizations), organizations, filters["period"], clock.now())


@extend_schema(tags=["analytics"])
class UserFiguresView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="user_figures",
        parameters=[shapes.FigureFilters],
        responses=failing({200: shapes.UserFiguresSerializer}, *REFUSALS),
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        """Profit, turnover, win rate, forecasting scores and habits of a trader, a moment behind the trades.

        Your own in all your organizations; others' where you hold analytics.read and participants.read.
        """
        wanted = asked(request, user_id)
        start = first_day(wanted.period, wanted.now)
        figures = figures_of(
            selectors.results_of(wanted.accounts, start=start),
            active_days=selectors.active_days(wanted.accounts, start=start),
        )
        return Response(
            shapes.figures_body(
                figures, user=user_id, organizations=wanted.organizations, period=wanted.period, now=wanted.now
            )
        )


@extend_schema(tags=["analytics"])
class UserMarketsExportView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="user_figures_markets_export",
        parameters=[shapes.FigureFilters],
        responses=failing({(200, "text/csv"): OpenApiTypes.STR}, *REFUSALS),
    )
    def get(self, request: Request, user_id: UUID) -> StreamingHttpResponse:
        """A trader's result in each market as CSV, the latest first."""
        wanted = asked(request, user_id)
        results = selectors.results_of(wanted.accounts, start=first_day(wanted.period, wanted.now))
        return csv_answer("markets.csv", shapes.MARKET_COLUMNS, map(shapes.market_row, results))


@extend_schema(tags=["analytics"])
class UserHistoryView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="user_figures_history",
        parameters=[shapes.FigureFilters],
        responses=failing({200: shapes.TraderHistorySerializer}, *REFUSALS),
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        """A trader's profit day by day, from the first trade on; the last two years at most."""
        wanted = asked(request, user_id)
        days = history(wanted.accounts, period=wanted.period, now=wanted.now)
        return Response({"user": user_id, "period": wanted.period, "days": [shapes.day_body(day) for day in days]})


@extend_schema(tags=["analytics"])
class UserHistoryExportView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUTHENTICATED}

    @extend_schema(
        operation_id="user_figures_history_export",
        parameters=[shapes.FigureFilters],
        responses=failing({(200, "text/csv"): OpenApiTypes.STR}, *REFUSALS),
    )
    def get(self, request: Request, user_id: UUID) -> StreamingHttpResponse:
        """A trader's profit day by day as CSV, oldest first."""
        wanted = asked(request, user_id)
        days = history(wanted.accounts, period=wanted.period, now=wanted.now)
        return csv_answer("history.csv", shapes.DAY_COLUMNS, map(shapes.day_row, days))

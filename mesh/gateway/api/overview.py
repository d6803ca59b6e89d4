"""`/api/v1/api-gateway/status`, `/dashboard`, `/metrics` and `/settings`."""

from datetime import timedelta
from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access.drf import signed_in_user
from mesh.gateway import overview, request_log, selectors, services, usage
from mesh.gateway.api.logged import GatewayDashboardSerializer, GatewayStatusSerializer, RouteFiguresSerializer
from mesh.gateway.api.reading import valid
from mesh.gateway.api.routes import TAG
from mesh.gateway.api.shapes import (
    LimitSerializer,
    RouteSerializer,
    SettingsInput,
    SettingsSerializer,
    UnitUsageSerializer,
)
from mesh.operators import OPERATE, require_operator
from opinion_market.kernel import clock

MOST_MINUTES = 7 * 24 * 60


class Span(serializers.Serializer[object]):
    minutes = serializers.IntegerField(min_value=1, max_value=MOST_MINUTES, default=60)


@extend_schema(tags=[TAG])
class StatusView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(operation_id="api_gateway_status", responses=GatewayStatusSerializer)
    def get(self, request: Request) -> Response:
        """What is configured, whether this host's Envoy answers, and the last minute's requests."""
        return Response(GatewayStatusSerializer(overview.status(signed_in_user(request), now=clock.now())).data)


@extend_schema(tags=[TAG])
class DashboardView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(operation_id="api_gateway_dashboard", responses=GatewayDashboardSerializer)
    def get(self, request: Request) -> Response:
        """The last hour by route and by minute, with routes, limits and the pipeline."""
        user, now = signed_in_user(request), clock.now()
        counted = usage.per_unit(user)
        hour = request_log.figures(user, since=now - overview.HOUR, until=now)
        course = overview.last_hour(user, now=now)
        return Response(
            {
                "status": GatewayStatusSerializer(overview.status(user, now=now)).data,
                "last_hour": RouteFiguresSerializer(hour, many=True).data,
                "course": [{"at": at, "requests": count, "failures": failed} for at, count, failed in course],
                "limits": LimitSerializer(selectors.limits(user), many=True).data,
                "usage": None if counted is None else UnitUsageSerializer(counted, many=True).data,
                "pipeline": selectors.current_settings().middleware,
                "routes": RouteSerializer(selectors.routes(user), many=True).data,
            }
        )


@extend_schema(tags=[TAG])
class MetricsView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}

    @extend_schema(
        operation_id="api_gateway_metrics",
        parameters=[
            OpenApiParameter(
                "minutes",
                {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES, "default": 60},
                description="Up to now.",
            )
        ],
        responses=RouteFiguresSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Per route: requests, failures, refusals and percentiles of the last minutes, the busiest first."""
        span = timedelta(minutes=valid(Span, request.query_params.dict())["minutes"])
        now = clock.now()
        found = request_log.figures(signed_in_user(request), since=now - span, until=now)
        return Response(RouteFiguresSerializer(found, many=True).data)


@extend_schema(tags=[TAG])
class SettingsView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE, "patch": OPERATE}

    @extend_schema(operation_id="api_gateway_settings", responses=SettingsSerializer)
    def get(self, request: Request) -> Response:
        """The pipeline's order, what is logged, and the cache's bounds."""
        require_operator(signed_in_user(request))
        return Response(SettingsSerializer(selectors.current_settings()).data)

    @extend_schema(operation_id="api_gateway_settings_change", request=SettingsInput, responses=SettingsSerializer)
    def patch(self, request: Request) -> Response:
        """Change what is sent. A new order replaces the listener, so that limits count anew."""
        given = valid(SettingsInput, request.data)
        reason = given.pop("reason")
        changed = services.change_settings(actor=signed_in_user(request), values=given, reason=reason, now=clock.now())
        return Response(SettingsSerializer(changed).data)

"""`/api/v1/api-gateway/routes`: what requests look like, and where they go."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.gateway import matching, selectors, services
from mesh.gateway.api.reading import backends_of, valid, with_names
from mesh.gateway.api.shapes import (
    DescribedRequest,
    MoveInput,
    NewRouteInput,
    PreviewSerializer,
    RouteFieldsInput,
    RouteSerializer,
)
from mesh.gateway.models import Route
from mesh.gateway.pipeline import steps_of
from mesh.operators import OPERATE
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.kernel import clock

TAG = "api-gateway"


@extend_schema(tags=[TAG])
class RouteViewSet(IdempotentMixin, GenericViewSet[Route]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": OPERATE,
        "create": OPERATE,
        "retrieve": OPERATE,
        "partial_update": OPERATE,
        "destroy": OPERATE,
        "move": OPERATE,
    }
    serializer_class = RouteSerializer
    queryset = Route.objects.none()
    filter_backends = ()
    ordering = ("position", "id")

    @extend_schema(operation_id="api_gateway_routes_list", responses=RouteSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All routes, in the order in which they are tried."""
        found = selectors.routes(signed_in_user(request))
        return self.get_paginated_response(RouteSerializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(operation_id="api_gateway_routes_create", request=NewRouteInput, responses={201: RouteSerializer})
    @idempotent
    def create(self, request: Request) -> Response:
        """A new route, tried before the platform's own. Envoy itself tries the whole configuration before it is kept."""
        given = valid(NewRouteInput, request.data)
        reason, backends = given.pop("reason"), backends_of(given.pop("backends", None))
        route = services.create_route(
            actor=signed_in_user(request),
            values=with_names(given),
            backends=backends or (),
            reason=reason,
            now=clock.now(),
        )
        return Response(self._shown(request, route.pk), status=201)

    @extend_schema(operation_id="api_gateway_routes_retrieve", responses=RouteSerializer)
    def retrieve(self, request: Request, route_id: UUID) -> Response:
        """One route."""
        return Response(self._shown(request, route_id))

    @extend_schema(operation_id="api_gateway_routes_change", request=RouteFieldsInput, responses=RouteSerializer)
    def partial_update(self, request: Request, route_id: UUID) -> Response:
        """Change what is sent; the rest stays."""
        given = valid(RouteFieldsInput, request.data)
        reason, backends = given.pop("reason"), backends_of(given.pop("backends", None))
        services.change_route(
            actor=signed_in_user(request),
            route_id=route_id,
            values=with_names(given),
            backends=backends,
            reason=reason,
            now=clock.now(),
        )
        return Response(self._shown(request, route_id))

    @extend_schema(operation_id="api_gateway_routes_remove", request=None, responses={204: None})
    def destroy(self, request: Request, route_id: UUID) -> Response:
        """Remove it with its limits. The platform's own can only be disabled."""
        services.remove_route(actor=signed_in_user(request), route_id=route_id, reason="", now=clock.now())
        return Response(status=204)

    @extend_schema(operation_id="api_gateway_routes_move", request=MoveInput, responses=RouteSerializer)
    def move(self, request: Request, route_id: UUID) -> Response:
        """Try it before another one, or last."""
        given = valid(MoveInput, request.data)
        services.move_route(
            actor=signed_in_user(request),
            route_id=route_id,
            before=given["before"],
            reason=given["reason"],
            now=clock.now(),
        )
        return Response(self._shown(request, route_id))

    def _shown(self, request: Request, route_id: UUID) -> Any:
        return RouteSerializer(selectors.route_of(signed_in_user(request), route_id)).data


@extend_schema(tags=[TAG])
class PreviewView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"post": OPERATE}

    @extend_schema(operation_id="api_gateway_routes_preview", request=DescribedRequest, responses=PreviewSerializer)
    def post(self, request: Request) -> Response:
        """Which route would this request take, and what would it pass? Nothing is sent."""
        asked = matching.Request(**valid(DescribedRequest, request.data))
        enabled = {row.name: row for row in selectors.routes(signed_in_user(request)).filter(is_enabled=True)}
        found = matching.route_for([selectors.route_spec(row) for row in enabled.values()], asked)
        steps = [] if found is None else steps_of(found, selectors.current_settings().middleware)
        shown = None if found is None else RouteSerializer(enabled[found.name]).data
        return Response({"route": shown, "pipeline": [step.name for step in steps if step.is_on]})

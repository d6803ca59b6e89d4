"""`/api/v1/microservices`: status, dashboard, the graph of services, calls, and a service's health."""

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.client.models import ServiceCall
from mesh.operators import OPERATE
from mesh.registry import circuits, errors, overview, selectors, traffic
from mesh.registry.api import overview_shapes as shapes
from mesh.registry.api.requests import MeshQuery, names_text
from mesh.registry.graph import mesh_graph, vertices
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import StrictTextField, valid
from opinion_market.kernel import clock

MINUTES_SHOWN, CHANGES_SHOWN, CALLS_SHOWN, SNAPSHOTS_SHOWN = 60, 20, 20, 10
LONGEST_WINDOW_S = int(traffic.LONGEST_WINDOW.total_seconds())


class _OperatorsView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": OPERATE}


class CallFilters(serializers.Serializer[Any]):
    mesh = StrictTextField(required=False, max_length=40)
    service = StrictTextField(required=False, max_length=63)
    caller = StrictTextField(required=False, max_length=63)
    instance = StrictTextField(required=False, max_length=160)
    trace_id = StrictTextField(required=False, max_length=64)
    status = serializers.IntegerField(required=False, min_value=0, max_value=999)
    errors = serializers.BooleanField(  # type: ignore[assignment]  # a field
        required=False, help_text="true: only answers of 500 or more."
    )
    flag = StrictTextField(required=False, max_length=10, help_text="One of Envoy's response flags, such as UO.")
    min_attempts = serializers.IntegerField(required=False, min_value=1, max_value=100)
    min_duration_us = serializers.IntegerField(required=False, min_value=0, max_value=10**12)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


_LOOKUPS = {
    "flag": "flags__contains",
    "min_attempts": "attempts__gte",
    "min_duration_us": "duration_us__gte",
    "since": "at__gte",
    "until": "at__lt",
}


class GraphQuery(MeshQuery):
    window_s = serializers.IntegerField(
        default=300, min_value=10, max_value=LONGEST_WINDOW_S, help_text="Seconds back in which calls are looked at."
    )


@extend_schema(tags=["microservices"])
class StatusView(_OperatorsView):
    @extend_schema(operation_id="microservices_status", responses=failing({200: shapes.MeshStatusSerializer}))
    def get(self, request: Request) -> Response:
        """Whether the mesh is well (`degraded` says why), with how much of everything there is."""
        return Response(status_body(overview.overview(signed_in_user(request), now=clock.now())))


@extend_schema(tags=["microservices"])
class DashboardView(_OperatorsView):
    @extend_schema(operation_id="microservices_dashboard", responses=failing({200: shapes.MeshDashboardSerializer}))
    def get(self, request: Request) -> Response:
        """Everything the mesh's dashboard shows, in one answer."""
        caller, now = signed_in_user(request), clock.now()
        found = overview.overview(caller, now=now)
        minutes = traffic.per_minute(caller, until=now, minutes=MINUTES_SHOWN)
        body = {
            "generated_at": now,
            "status": status_body(found),
            "services": shapes.GraphServiceSerializer(found.services, many=True).data,
            "per_minute": [{"minute": minute, "calls": calls, "errors": failed} for minute, calls, failed in minutes],
            "circuit_changes": shapes.CircuitChangeSerializer(circuits.history(caller)[:CHANGES_SHOWN], many=True).data,
            "calls": shapes.ServiceCallSerializer(traffic.calls(caller, filters={})[:CALLS_SHOWN], many=True).data,
            "configurations": shapes.ConfigurationSerializer(
                overview.latest_snapshots(caller, most=SNAPSHOTS_SHOWN), many=True
            ).data,
        }
        return Response(body)


@extend_schema(tags=["microservices"])
class GraphView(_OperatorsView):
    @extend_schema(
        operation_id="microservices_graph",
        parameters=[GraphQuery],
        responses=failing({200: shapes.ServiceGraphSerializer}, errors.MeshNotFound),
    )
    def get(self, request: Request) -> Response:
        """The services of a mesh and who calls whom: as declared, and as observed in the calls of the window."""
        wanted, caller = valid(GraphQuery, request.query_params), signed_in_user(request)
        selectors.mesh_named(caller, wanted["mesh"])
        window = timedelta(seconds=wanted["window_s"])
        found = mesh_graph(caller, mesh=wanted["mesh"], now=clock.now(), window=window)
        return Response(shapes.ServiceGraphSerializer(found).data)


@extend_schema(tags=["microservices"])
class HealthView(_OperatorsView):
    @extend_schema(
        operation_id="microservices_service_health",
        parameters=[MeshQuery],
        responses=failing({200: shapes.ServiceHealthSerializer}, errors.MeshNotFound, errors.ServiceNotFound),
    )
    def get(self, request: Request, service_name: str) -> Response:
        """A service's health: its instances as Envoy finds them, circuit breakers, the last five minutes' calls."""
        mesh, caller, now = valid(MeshQuery, request.query_params)["mesh"], signed_in_user(request), clock.now()
        service = selectors.service_named(caller, mesh=mesh, name=names_text(service_name))
        (vertex,) = [each for each in vertices(caller, now=now, mesh=mesh) if each.id == service.pk]
        breakers = circuits.circuits(caller, [service.pk]).values()
        body = {
            "mesh": mesh,
            "service": service.name,
            "health": vertex.health,
            "instances": overview.instances_by_health(caller, now=now, service_id=service.pk),
            "circuits": shapes.CircuitSerializer(sorted(breakers, key=lambda each: each.instance), many=True).data,
            "traffic": shapes.TrafficSerializer(vertex.traffic).data,
        }
        return Response(body)


@extend_schema(tags=["microservices"])
class CallViewSet(GenericViewSet[ServiceCall]):
    permissions_required: ClassVar[dict[str, str]] = {"list": OPERATE}
    serializer_class = shapes.ServiceCallSerializer
    queryset = ServiceCall.objects.none()
    filter_backends = ()
    ordering = ("-at", "-id")

    @extend_schema(
        operation_id="microservices_calls_list",
        parameters=[CallFilters],
        responses=failing({200: shapes.ServiceCallSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Calls through the mesh, the latest first; a second or two behind."""
        given = valid(CallFilters, request.query_params)
        if given.pop("errors", False):
            given["status__gte"] = 500
        asked = {_LOOKUPS.get(name, name): value for name, value in given.items()}
        found = traffic.calls(signed_in_user(request), filters=asked)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)


def status_body(found: overview.Overview) -> dict[str, Any]:
    """The status as it is answered."""
    return {
        "status": "degraded" if found.troubles else "ok",
        "troubles": found.troubles,
        "meshes": found.meshes,
        "services": len(found.services),
        "instances": found.instances,
        "leased_instances": found.leased,
        "open_circuits": found.open_circuits,
        "half_open_circuits": found.half_open_circuits,
        "last_minute": shapes.TrafficSerializer(found.traffic).data,
        "nodes": shapes.MeshNodeSerializer(found.nodes, many=True).data,
    }

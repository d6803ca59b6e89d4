"""`/api/v1/microservices`: instances register, are found, renew their leases, drain and leave."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.operators import OPERATE
from mesh.registry import errors, instances, selectors
from mesh.registry.api import shapes
from mesh.registry.api.bulk import read_bulk
from mesh.registry.api.refusals import KEY_REFUSALS, REGISTERING
from mesh.registry.api.requests import (
    DiscoveryFilters,
    ServiceInstanceFilters,
    asked_of_instances,
    names_text,
)
from mesh.registry.models import Instance
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import valid
from opinion_market.kernel import clock


@extend_schema(tags=["microservices"])
class InstanceViewSet(IdempotentMixin, GenericViewSet[Instance]):
    permissions_required: ClassVar[dict[str, str]] = dict.fromkeys(
        ("list", "bulk", "of_service", "retrieve", "destroy", "heartbeat", "heartbeats", "drain", "resume"), OPERATE
    )
    serializer_class = shapes.InstanceSerializer
    queryset = Instance.objects.none()
    filter_backends = ()
    ordering = ("id",)

    @extend_schema(
        operation_id="microservices_instances_list",
        parameters=[DiscoveryFilters],
        responses=failing({200: shapes.InstanceSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """Discover instances by service, type, version, health and metadata, the oldest first."""
        asked = asked_of_instances(valid(DiscoveryFilters, request.query_params))
        found = selectors.instances(signed_in_user(request), now=clock.now(), **asked)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="microservices_instances_register_many",
        request=shapes.BulkRegistrationInput,
        responses=failing({200: shapes.BulkRegisteredSerializer}, *REGISTERING),
    )
    @idempotent
    def bulk(self, request: Request) -> Response:
        """Register many instances of services that exist, all or none: durable in one transaction."""
        mesh, arriving = read_bulk(request.data)
        found = instances.register_instances(
            actor=signed_in_user(request), mesh=mesh, arriving=arriving, now=clock.now()
        )
        return Response({"new": found.new, "renewed": found.renewed, "ids": found.ids})

    @extend_schema(
        operation_id="microservices_service_instances",
        parameters=[ServiceInstanceFilters],
        responses=failing(
            {200: shapes.InstanceSerializer(many=True)}, InvalidCursor, errors.MeshNotFound, errors.ServiceNotFound
        ),
    )
    def of_service(self, request: Request, service_name: str) -> Response:
        """Instances of one service, the oldest first."""
        asked = asked_of_instances(valid(ServiceInstanceFilters, request.query_params))
        caller = signed_in_user(request)
        service = selectors.service_named(caller, mesh=asked["mesh"], name=names_text(service_name))
        found = selectors.instances(caller, now=clock.now(), service=service.name, **asked)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="microservices_instances_retrieve",
        responses=failing({200: shapes.InstanceSerializer}, errors.InstanceNotFound),
    )
    def retrieve(self, request: Request, instance_id: UUID) -> Response:
        """One instance."""
        return self._told(request, instance_id)

    @extend_schema(
        operation_id="microservices_instances_deregister",
        responses=failing({204: None}, errors.InstanceNotFound, errors.BelongsToPlatform),
    )
    def destroy(self, request: Request, instance_id: UUID) -> Response:
        """It leaves at once. Drain it first, and what it has begun is finished."""
        instances.deregister_instances(actor=signed_in_user(request), instance_ids=[instance_id], reason="")
        return Response(status=204)

    @extend_schema(
        operation_id="microservices_instances_heartbeat",
        request=None,
        responses=failing({200: shapes.InstanceSerializer}, errors.InstanceNotFound),
    )
    def heartbeat(self, request: Request, instance_id: UUID) -> Response:
        """Its lease runs from now on again. 404: the lease has run out, and it registers anew."""
        renewed = instances.renew_leases(actor=signed_in_user(request), instance_ids=[instance_id], now=clock.now())
        if not renewed:
            raise errors.InstanceNotFound(instance=str(instance_id))
        return self._told(request, instance_id)

    @extend_schema(
        operation_id="microservices_instances_heartbeats",
        request=shapes.HeartbeatInput,
        responses=failing({200: shapes.HeartbeatSerializer}),
    )
    def heartbeats(self, request: Request) -> Response:
        """Renew the leases of many instances at once."""
        wanted = valid(shapes.HeartbeatInput, request.data)["instances"]
        renewed = instances.renew_leases(actor=signed_in_user(request), instance_ids=wanted, now=clock.now())
        return Response({"renewed": len(renewed), "gone": [each for each in wanted if each not in renewed]})

    @extend_schema(
        operation_id="microservices_instances_drain",
        request=shapes.InstanceReasonInput,
        responses=failing(
            {200: shapes.InstanceSerializer}, errors.InstanceNotFound, errors.BelongsToPlatform, *KEY_REFUSALS
        ),
    )
    @idempotent
    def drain(self, request: Request, instance_id: UUID) -> Response:
        """No new request reaches it; what it has begun goes on. Registering again does not end this: `resume` does."""
        reason = valid(shapes.InstanceReasonInput, request.data)["reason"]
        instances.drain_instances(actor=signed_in_user(request), instance_ids=[instance_id], reason=reason)
        return self._told(request, instance_id)

    @extend_schema(
        operation_id="microservices_instances_resume",
        request=shapes.InstanceReasonInput,
        responses=failing({200: shapes.InstanceSerializer}, errors.InstanceNotFound, *KEY_REFUSALS),
    )
    @idempotent
    def resume(self, request: Request, instance_id: UUID) -> Response:
        """A draining instance takes requests again."""
        reason = valid(shapes.InstanceReasonInput, request.data)["reason"]
        instances.resume_instances(actor=signed_in_user(request), instance_ids=[instance_id], reason=reason)
        return self._told(request, instance_id)

    def _told(self, request: Request, instance_id: UUID) -> Response:
        found = selectors.instance_by(signed_in_user(request), instance_id, now=clock.now())
        return Response(self.get_serializer(found).data)

"""`/api/v1/microservices`: meshes, services, their policies and what they depend on."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import signed_in_user
from mesh.operators import OPERATE
from mesh.registry import errors, instances, selectors, services
from mesh.registry.api import shapes
from mesh.registry.api.refusals import KEY_REFUSALS, REGISTERING
from mesh.registry.api.requests import MeshQuery, names_text, new_instance
from mesh.registry.models import Dependency, Mesh, Service
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import failing
from opinion_market.api.serializers import StrictTextField, valid
from opinion_market.kernel import clock


class ServiceFilters(serializers.Serializer[Any]):
    mesh = StrictTextField(required=False, max_length=40)
    type = serializers.ChoiceField(choices=Service.Type.choices, required=False)
    name = StrictTextField(required=False, max_length=63, help_text="A part of its name.")


@extend_schema(tags=["microservices"])
class MeshViewSet(IdempotentMixin, GenericViewSet[Mesh]):
    permissions_required: ClassVar[dict[str, str]] = {"list": OPERATE, "create": OPERATE}
    serializer_class = shapes.MeshSerializer
    queryset = Mesh.objects.none()
    filter_backends = ()
    ordering = ("name",)

    @extend_schema(
        operation_id="microservices_meshes_list",
        responses=failing({200: shapes.MeshSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """All meshes, by name. For those who run the platform."""
        found = self.paginate_queryset(selectors.meshes(signed_in_user(request)))
        return self.get_paginated_response(self.get_serializer(found, many=True).data)

    @extend_schema(
        operation_id="microservices_meshes_create",
        request=shapes.MeshInput,
        responses=failing({201: shapes.MeshSerializer}, errors.MeshExists, errors.InvalidPolicy, *KEY_REFUSALS),
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """A set of services that call one another by name, beside the platform's own (`platform`)."""
        wanted = valid(shapes.MeshInput, request.data)
        mesh = services.create_mesh(actor=signed_in_user(request), now=clock.now(), **wanted)
        (row,) = selectors.meshes(signed_in_user(request)).filter(pk=mesh.pk)
        return Response(self.get_serializer(row).data, status=201)


class LoadBalancingViewSet(IdempotentMixin, GenericViewSet[Service]):
    permissions_required: ClassVar[dict[str, str]] = {"create": OPERATE}
    serializer_class = shapes.ServiceSerializer

    @extend_schema(
        tags=["microservices"],
        operation_id="microservices_load_balancing",
        request=shapes.LoadBalancingInput,
        responses=failing(
            {200: shapes.ServiceSerializer},
            errors.MeshNotFound,
            errors.ServiceNotFound,
            errors.InvalidPolicy,
            errors.BelongsToPlatform,
            *KEY_REFUSALS,
        ),
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """How callers are spread over a service's instances: strategy, health checks, retries, breaker, split.

        Envoy itself validates the new configuration before it is published; what it refuses changes nothing. What is left
        out stays as it is.
        """
        wanted = valid(shapes.LoadBalancingInput, request.data)
        values = dict(wanted.get("policy", {}))
        if "strategy" in wanted:
            values["load_balancing"] = wanted["strategy"]
        actor = signed_in_user(request)
        service = services.configure_service(
            actor=actor,
            mesh=wanted["mesh"],
            name=wanted["service"],
            values=values,
            reason=wanted["reason"],
            now=clock.now(),
        )
        return Response(_told(request, service))


@extend_schema(tags=["microservices"])
class ServiceViewSet(IdempotentMixin, GenericViewSet[Service]):
    permissions_required: ClassVar[dict[str, str]] = dict.fromkeys(("list", "register", "retrieve", "destroy"), OPERATE)
    serializer_class = shapes.ServiceSerializer
    queryset = Service.objects.none()
    filter_backends = ()
    ordering = ("mesh__name", "name")

    @extend_schema(
        operation_id="microservices_services_list",
        parameters=[ServiceFilters],
        responses=failing({200: shapes.ServiceSerializer(many=True)}, InvalidCursor),
    )
    def list(self, request: Request) -> Response:
        """All registered services with their policies, by mesh and name."""
        given = valid(ServiceFilters, request.query_params)
        lookups = {"mesh": "mesh__name", "type": "type", "name": "name__contains"}
        asked = {lookups[name]: value for name, value in given.items()}
        found = selectors.with_counts(selectors.services(signed_in_user(request)).filter(**asked))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(
        operation_id="microservices_services_register",
        request=shapes.RegistrationInput,
        responses=failing(
            {201: shapes.RegisteredSerializer, 200: shapes.RegisteredSerializer},
            *REGISTERING,
            errors.ServiceTypeNeeded,
            errors.InvalidPolicy,
        ),
    )
    @idempotent
    def register(self, request: Request) -> Response:
        """Register an instance of a service: 201 if it is new, 200 if it was there and is renewed.

        The first instance of a new service names the service's type, and the service is made with the usual policy. Envoy
        sends requests to the instance within a second.
        """
        wanted = valid(shapes.RegistrationInput, request.data)
        instance, is_new = instances.register_instance(
            actor=signed_in_user(request),
            mesh=wanted["mesh"],
            arriving=new_instance(wanted),
            type=wanted.get("type"),
            now=clock.now(),
        )
        body = {**shapes.InstanceSerializer(instance).data, "is_new": is_new}
        return Response(body, status=201 if is_new else 200)

    @extend_schema(
        operation_id="microservices_services_retrieve",
        parameters=[MeshQuery],
        responses=failing({200: shapes.ServiceSerializer}, errors.MeshNotFound, errors.ServiceNotFound),
    )
    def retrieve(self, request: Request, service_name: str) -> Response:
        """One service with its policy."""
        mesh = valid(MeshQuery, request.query_params)["mesh"]
        service = selectors.service_named(signed_in_user(request), mesh=mesh, name=names_text(service_name))
        return Response(_told(request, service))

    @extend_schema(
        operation_id="microservices_services_remove",
        parameters=[MeshQuery],
        responses=failing(
            {204: None},
            errors.MeshNotFound,
            errors.ServiceNotFound,
            errors.ServiceInUse,
            errors.BelongsToPlatform,
        ),
    )
    def destroy(self, request: Request, service_name: str) -> Response:
        """Take a service without instances out of the mesh."""
        mesh = valid(MeshQuery, request.query_params)["mesh"]
        services.remove_service(
            actor=signed_in_user(request),
            mesh=mesh,
            name=names_text(service_name),
            reason="Removed over the API",
            now=clock.now(),
        )
        return Response(status=204)


@extend_schema(tags=["microservices"])
class DependencyViewSet(IdempotentMixin, GenericViewSet[Dependency]):
    permissions_required: ClassVar[dict[str, str]] = {"create": OPERATE, "destroy": OPERATE}
    serializer_class = shapes.DependencySerializer

    @extend_schema(
        operation_id="microservices_dependencies_declare",
        request=shapes.DependencyInput,
        responses=failing(
            {201: shapes.DependencySerializer},
            errors.MeshNotFound,
            errors.ServiceNotFound,
            errors.InvalidDependency,
            *KEY_REFUSALS,
        ),
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Say that one service calls another. What is observed stands in `graph` beside what is declared."""
        wanted = valid(shapes.DependencyInput, request.data)
        actor = signed_in_user(request)
        made = services.declare_dependency(actor=actor, now=clock.now(), **wanted)
        (row,) = selectors.dependencies(actor).filter(pk=made.pk)
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(
        operation_id="microservices_dependencies_withdraw",
        responses=failing({204: None}, errors.DependencyNotFound, errors.BelongsToPlatform),
    )
    def destroy(self, request: Request, dependency_id: UUID) -> Response:
        """No longer say so."""
        services.withdraw_dependency(actor=signed_in_user(request), dependency_id=dependency_id)
        return Response(status=204)


def _told(request: Request, service: Service) -> Any:
    (row,) = selectors.with_counts(selectors.services(signed_in_user(request)).filter(pk=service.pk))
    return shapes.ServiceSerializer(row).data

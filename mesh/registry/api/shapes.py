"""What `/api/v1/microservices` takes and answers of meshes, services and instances."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from mesh.registry.api.policy_shape import PolicyInput, PolicySerializer
from mesh.registry.arriving import HEAVIEST, LONGEST_LEASE_S, MOST_AT_ONCE
from mesh.registry.models import Instance, Service
from mesh.registry.selectors import DEFAULT_MESH
from opinion_market.api.serializers import InputSerializer, StrictBooleanField, StrictIntegerField, StrictTextField

_INSTANCE = {
    "service": "pricing",
    "address": "10.0.4.17",
    "port": 8080,
    "weight": 2,
    "version": "v2",
    "metadata": {"zone": "a"},
    "lease_s": 30,
}


class MeshSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    services = serializers.IntegerField(source="service_count", help_text="How many services it has.")
    created_at = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[OpenApiExample("A second mesh", value={"name": "research", "description": "Models"}, request_only=True)]
)
class MeshInput(InputSerializer):
    name = StrictTextField(max_length=40, help_text="Lower-case letters, digits and hyphens.")
    description = StrictTextField(max_length=200, allow_blank=True, default="")


class InstanceSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    mesh = serializers.CharField(source="service.mesh.name")
    service = serializers.CharField(source="service.name")
    type = serializers.ChoiceField(choices=Service.Type.choices, source="service.type")
    address = serializers.CharField(allow_null=True, help_text="null: a unix socket, or called by nobody.")
    port = serializers.IntegerField(allow_null=True)
    socket = serializers.CharField(help_text="Of the platform's own parts: the name of their unix socket.")
    node = serializers.CharField(help_text="The host it runs on, if it is told.")
    weight = serializers.IntegerField()
    version = serializers.CharField()
    metadata = serializers.DictField()
    state = serializers.ChoiceField(choices=Instance.State.choices)
    health = serializers.ChoiceField(choices=Instance.Health.choices, help_text="As Envoy finds it.")
    health_since = serializers.DateTimeField(allow_null=True)
    lease_s = serializers.IntegerField(allow_null=True, help_text="null: it stays until it is taken out.")
    lease_until = serializers.DateTimeField(allow_null=True)
    registered_at = serializers.DateTimeField()


class _ArrivingInput(InputSerializer):
    service = StrictTextField(max_length=63)
    address = StrictTextField(max_length=45, help_text="IPv4 or IPv6. No name, no link-local, multicast or 0.0.0.0.")
    port = StrictIntegerField(min_value=1, max_value=65_535)
    weight = StrictIntegerField(min_value=1, max_value=HEAVIEST, default=1)
    version = StrictTextField(max_length=40, default="v1")
    metadata = serializers.DictField(child=StrictTextField(max_length=500, allow_blank=True), default=dict)
    lease_s = StrictIntegerField(
        min_value=1, max_value=LONGEST_LEASE_S, allow_null=True, default=None, help_text="Seconds without a heartbeat."
    )
    node = StrictTextField(max_length=120, allow_blank=True, default="")


@extend_schema_serializer(
    examples=[
        OpenApiExample("First instance of a new service", value={**_INSTANCE, "type": "trading"}, request_only=True)
    ]
)
class RegistrationInput(_ArrivingInput):
    mesh = StrictTextField(default=DEFAULT_MESH, max_length=40)
    type = serializers.ChoiceField(
        choices=Service.Type.choices, required=False, help_text="Needed for the first instance: the service is made."
    )


class RegisteredSerializer(InstanceSerializer):
    is_new = serializers.BooleanField(help_text="false: it was there already, and was renewed.")


class BulkRegistrationEntry(_ArrivingInput):
    """One of many."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two of them",
            value={"mesh": "platform", "instances": [_INSTANCE, {**_INSTANCE, "address": "10.0.4.18"}]},
            request_only=True,
        )
    ]
)
class BulkRegistrationInput(InputSerializer):
    mesh = StrictTextField(default=DEFAULT_MESH, max_length=40)
    instances = serializers.ListField(child=BulkRegistrationEntry(), min_length=1, max_length=MOST_AT_ONCE)


class BulkRegisteredSerializer(serializers.Serializer[Any]):
    new = serializers.IntegerField()
    renewed = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.UUIDField(), help_text="In the order of the request.")


@extend_schema_serializer(
    examples=[OpenApiExample("One", value={"instances": ["019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11"]}, request_only=True)]
)
class HeartbeatInput(InputSerializer):
    instances = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_AT_ONCE)


class HeartbeatSerializer(serializers.Serializer[Any]):
    renewed = serializers.IntegerField()
    gone = serializers.ListField(child=serializers.UUIDField(), help_text="Their leases have run out: register anew.")


class InstanceReasonInput(InputSerializer):
    reason = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Kept in the audit trail.")


class ServiceSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    mesh = serializers.CharField(source="mesh.name")
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=Service.Type.choices)
    protocol = serializers.ChoiceField(choices=Service.Protocol.choices)
    description = serializers.CharField()
    is_platform = serializers.BooleanField(help_text="One of the platform's own parts.")
    instances = serializers.IntegerField(source="instance_count")
    serving = serializers.IntegerField(source="serving_count")
    bad = serializers.IntegerField(source="bad_count")
    draining = serializers.IntegerField(source="draining_count")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    policy = PolicySerializer(source="*")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A canary of 5% with health checks",
            value={
                "service": "pricing",
                "strategy": "least_request",
                "policy": {
                    "health_check": "http",
                    "health_path": "/ready",
                    "split": "weight",
                    "split_version": "v2",
                    "split_percent": 5,
                },
                "reason": "Try version 2",
            },
            request_only=True,
        )
    ]
)
class LoadBalancingInput(InputSerializer):
    mesh = StrictTextField(default=DEFAULT_MESH, max_length=40)
    service = StrictTextField(max_length=63)
    strategy = serializers.ChoiceField(choices=Service.Balancing.choices, required=False)
    policy = PolicyInput(required=False)
    reason = StrictTextField(max_length=200, min_length=3, help_text="Kept with the configuration.")


class DependencySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    mesh = serializers.CharField(source="caller.mesh.name")
    caller = serializers.CharField(source="caller.name")
    called = serializers.CharField(source="called.name")
    is_critical = serializers.BooleanField()
    created_at = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[OpenApiExample("web calls pricing", value={"caller": "web", "called": "pricing"}, request_only=True)]
)
class DependencyInput(InputSerializer):
    mesh = StrictTextField(default=DEFAULT_MESH, max_length=40)
    caller = StrictTextField(max_length=63)
    called = StrictTextField(max_length=63)
    is_critical = StrictBooleanField(default=True, help_text="The caller cannot work without it.")

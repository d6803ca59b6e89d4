"""What `/api/v1/microservices` answers of health, traffic and the mesh as a whole."""

from typing import Any

from rest_framework import serializers

from mesh.registry.models import CircuitChange

HEALTH_STATES = ["healthy", "degraded", "unhealthy", "unserved"]
GRAPH_STATES = [*HEALTH_STATES, "caller"]
STATUSES = ["ok", "degraded"]


class TrafficSerializer(serializers.Serializer[Any]):
    calls = serializers.IntegerField()
    errors = serializers.IntegerField(help_text="Answers of 500 or more.")  # type: ignore[assignment]  # a field
    p50_us = serializers.IntegerField()
    p95_us = serializers.IntegerField()
    per_s = serializers.FloatField(help_text="Calls per second over the window.")
    error_share = serializers.FloatField(help_text="From 0 to 1.")


class GraphServiceSerializer(serializers.Serializer[Any]):
    """A service with its health and the calls of the last five minutes."""

    id = serializers.UUIDField(allow_null=True, help_text="null: a caller that is no service of the mesh.")
    mesh = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField(help_text="Empty for a caller that is no service.")
    health = serializers.ChoiceField(choices=GRAPH_STATES)
    circuit = serializers.ChoiceField(choices=CircuitChange.State.choices)
    instances = serializers.IntegerField()
    serving = serializers.IntegerField(help_text="Up, and not found unhealthy.")
    bad = serializers.IntegerField(help_text="Unhealthy or ejected.")
    draining = serializers.IntegerField()
    traffic = TrafficSerializer()


class CircuitSerializer(serializers.Serializer[Any]):
    instance = serializers.CharField(help_text="Empty: the whole service.")
    state = serializers.ChoiceField(choices=CircuitChange.State.choices)
    since = serializers.DateTimeField()
    cause = serializers.CharField()


class CircuitChangeSerializer(serializers.Serializer[Any]):
    service = serializers.CharField(source="service.name")
    mesh = serializers.CharField(source="service.mesh.name")
    instance = serializers.CharField()
    node = serializers.CharField()
    before = serializers.ChoiceField(choices=CircuitChange.State.choices)
    after = serializers.ChoiceField(choices=CircuitChange.State.choices)
    cause = serializers.CharField()
    at = serializers.DateTimeField()


class ServiceHealthSerializer(serializers.Serializer[Any]):
    mesh = serializers.CharField()
    service = serializers.CharField()
    health = serializers.ChoiceField(choices=HEALTH_STATES)
    instances = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many, by health; `draining`, `all`."
    )
    circuits = CircuitSerializer(many=True, help_text="Those that have ever changed; all others are closed.")
    traffic = TrafficSerializer(help_text="Of the last five minutes.")


class GraphDependencySerializer(serializers.Serializer[Any]):
    caller = serializers.CharField()
    called = serializers.CharField()
    is_declared = serializers.BooleanField()
    is_critical = serializers.BooleanField()
    traffic = TrafficSerializer(allow_null=True, help_text="null: declared, and not seen in the window.")


class ServiceGraphSerializer(serializers.Serializer[Any]):
    mesh = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    services = GraphServiceSerializer(many=True, source="vertices")
    dependencies = GraphDependencySerializer(many=True, source="edges")


class ServiceCallSerializer(serializers.Serializer[Any]):
    """A call through the mesh, all its tries together."""

    id = serializers.IntegerField()
    trace_id = serializers.CharField()
    mesh = serializers.CharField()
    caller = serializers.CharField(help_text="As the caller names itself; may be empty.")
    service = serializers.CharField()
    instance = serializers.CharField(help_text="That of the last try; empty if none was reached.")
    method = serializers.CharField()
    path = serializers.CharField(help_text="Without the query.")
    status = serializers.IntegerField()
    flags = serializers.CharField(help_text="Envoy's response flags, such as UO (breaker) or UF (no connection).")
    attempts = serializers.IntegerField()
    duration_us = serializers.IntegerField()
    node = serializers.CharField()
    at = serializers.DateTimeField()


class MeshNodeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    is_envoy_live = serializers.BooleanField()
    envoy_version = serializers.CharField()
    memory_bytes = serializers.IntegerField()
    last_seen_at = serializers.DateTimeField()
    snapshot = serializers.IntegerField(source="snapshot_id", allow_null=True, help_text="The configuration it runs.")
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    trouble = serializers.CharField()


class MeshStatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES)
    troubles = serializers.ListField(child=serializers.CharField(), help_text="Why it is degraded, in sentences.")
    meshes = serializers.IntegerField()
    services = serializers.IntegerField()
    instances = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many, by health; `draining`, `all`."
    )
    leased_instances = serializers.IntegerField(help_text="Those that leave without heartbeats.")
    open_circuits = serializers.IntegerField()
    half_open_circuits = serializers.IntegerField()
    last_minute = TrafficSerializer()
    nodes = MeshNodeSerializer(many=True)


class CallsPerMinuteSerializer(serializers.Serializer[Any]):
    minute = serializers.DateTimeField()
    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]  # a field


class ConfigurationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    cause = serializers.CharField()
    reason = serializers.CharField()
    state = serializers.CharField()
    made_by = serializers.UUIDField(source="made_by_id", allow_null=True)
    made_at = serializers.DateTimeField()


class MeshDashboardSerializer(serializers.Serializer[Any]):
    generated_at = serializers.DateTimeField()
    status = MeshStatusSerializer()
    services = GraphServiceSerializer(many=True)
    per_minute = CallsPerMinuteSerializer(many=True, help_text="The last 60 minutes, the oldest first.")
    circuit_changes = CircuitChangeSerializer(many=True)
    calls = ServiceCallSerializer(many=True)
    configurations = ConfigurationSerializer(many=True)

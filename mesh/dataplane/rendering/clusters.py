"""Services as Envoy clusters: endpoints inline, how they are chosen, checked, left out and protected.

Endpoints stand in the cluster itself (STATIC) and not in files of their own: Envoy watches each file with inotify, and about
128 of them exhaust it. A change of instances therefore replaces the cluster, whose connections drain meanwhile.
Reference: envoy.config.cluster.v3.Cluster.
"""

from collections.abc import Iterable, Sequence

from mesh.dataplane.rendering.durations import duration
from mesh.dataplane.spec import Breaker, Endpoint, HealthCheck, Json, Outliers, Service

CALLER_HEADER = "x-mesh-caller"

_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_POLICIES = {
    "round_robin": "ROUND_ROBIN",
    "weighted": "ROUND_ROBIN",
    "least_request": "LEAST_REQUEST",
    "random": "RANDOM",
    "ring_hash": "RING_HASH",
}


def name_of(service: Service, version: str = "") -> str:
    """The name of the cluster of a service, or of one of its versions."""
    return f"{service.key}@{version}" if version else service.key


def clusters_of(service: Service, versions: Iterable[str] = ()) -> list[Json]:
    """The service's cluster, and one for each version that its split or (`versions`) some route sends to.

    What a split sends elsewhere is not in the service's own cluster; a version that only routes name is.
    """
    version = service.split.version if service.split.kind != "none" else ""
    live = [each for each in service.endpoints if not each.is_draining]
    rest = [each for each in live if not version or each.version != version]
    named = sorted({*versions, version} - {""})
    return [
        _cluster(service, name_of(service), rest),
        *(_cluster(service, name_of(service, name), [each for each in live if each.version == name]) for name in named),
    ]


def _cluster(service: Service, name: str, endpoints: Sequence[Endpoint]) -> Json:
    cluster: Json = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": duration(service.connect_timeout_ms),
        "lb_policy": _POLICIES[service.balancing],
        # What is no longer registered gets no more requests, healthy or not.
        "ignore_health_on_host_removal": True,
        "circuit_breakers": {"thresholds": [_breaker(service.breaker)]},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"lb_endpoints": [_endpoint(each, weighted=service.balancing == "weighted") for each in endpoints]}
            ],
        },
    }
    if service.balancing == "ring_hash":
        cluster["ring_hash_lb_config"] = {"minimum_ring_size": 1024}
    if service.http2:
        protocol: Json = {"explicit_http_config": {"http2_protocol_options": {}}}
        cluster["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": _OPTIONS, **protocol}
        }
    if service.health is not None:
        cluster["health_checks"] = [_health_check(service.health)]
    if service.outliers is not None and service.outliers.errors > 0:
        cluster["outlier_detection"] = _outlier_detection(service.outliers)
    return cluster


def _endpoint(endpoint: Endpoint, *, weighted: bool) -> Json:
    address: Json = (
        {"pipe": {"path": f"@sockets/{endpoint.socket}"}}
        if endpoint.socket
        else {"socket_address": {"address": endpoint.address, "port_value": endpoint.port}}
    )
    rendered: Json = {"endpoint": {"address": address}}
    if weighted:
        rendered["load_balancing_weight"] = endpoint.weight
    if endpoint.socket:
        # A socket is reached on its own node only; the others leave it out.
        rendered["metadata"] = {"filter_metadata": {"mesh": {"node": endpoint.node}}}
    return rendered


def _breaker(breaker: Breaker) -> Json:
    return {
        "max_connections": breaker.connections,
        "max_pending_requests": breaker.pending,
        "max_requests": breaker.requests,
        "max_retries": breaker.retries,
        "track_remaining": True,
    }


def _health_check(check: HealthCheck) -> Json:
    rendered: Json = {
        "timeout": duration(check.timeout_ms),
        "interval": duration(check.interval_ms),
        # By default a service that nobody has called yet is looked at once a minute only.
        "no_traffic_interval": duration(check.interval_ms),
        "unhealthy_threshold": check.unhealthy_threshold,
        "healthy_threshold": check.healthy_threshold,
    }
    if check.path:
        rendered["http_health_check"] = {"path": check.path, "host": check.host}
    else:
        rendered["tcp_health_check"] = {}
    return rendered


def _outlier_detection(outliers: Outliers) -> Json:
    return {
        "consecutive_5xx": outliers.errors,
        "consecutive_gateway_failure": outliers.errors,
        "enforcing_consecutive_gateway_failure": 100,
        "interval": duration(outliers.interval_ms),
        "base_ejection_time": duration(outliers.ejection_ms),
        "max_ejection_percent": outliers.max_percent,
        # A small service cannot be judged by the spread of its success rates.
        "enforcing_success_rate": 0,
    }

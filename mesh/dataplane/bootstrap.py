"""What Envoy is started with: where it finds everything else. Also the static form that `--mode validate` can read.

Reference: envoy.config.bootstrap.v3.Bootstrap.
"""

from mesh.dataplane.spec import Host, Json, Resources

ADMIN_SOCKET = "envoy-admin.sock"

_MONITOR = (
    "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
)
_RDS = "rds"
_DISCOVERED = "config_discovery"


def bootstrap(host: Host) -> Json:
    """Listeners and clusters are read from the node's folder, at the start and whenever they are replaced."""
    return {
        **_base(host),
        "dynamic_resources": {"lds_config": _source(host, "lds"), "cds_config": _source(host, "cds")},
    }


def static(resources: Resources, host: Host) -> Json:
    """One file that holds everything, for Envoy to validate: it does not read dynamic files then.

    `resources` are localised. Routes are checked against the clusters, which Envoy leaves out for dynamic ones.
    """
    return {
        **_base(host),
        "static_resources": {
            "clusters": [_untyped(cluster) for cluster in resources.cds],
            "listeners": [_inlined(_untyped(listener), resources) for listener in resources.lds],
        },
    }


def _base(host: Host) -> Json:
    return {
        "node": {"id": host.node, "cluster": "opinion-market"},
        "admin": {"address": {"pipe": {"path": f"{host.sockets}/{ADMIN_SOCKET}", "mode": 0o600}}},
        # Above what a laptop's front door meets, and below the descriptors it may open.
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {"@type": _MONITOR, "max_active_downstream_connections": 20_000},
                }
            ]
        },
    }


def _source(host: Host, name: str) -> Json:
    return {"resource_api_version": "V3", "path_config_source": {"path": f"{host.config}/{name}.json"}}


def _untyped(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key != "@type"}


def _inlined(value: object, resources: Resources) -> object:
    """With routes and discovered filters in place of the files they come from."""
    if isinstance(value, list):
        return [_inlined(item, resources) for item in value]
    if not isinstance(value, dict):
        return value
    if _RDS in value and "http_filters" in value:
        routes = resources.rds[value[_RDS]["route_config_name"]]
        rest = {key: _inlined(item, resources) for key, item in value.items() if key != _RDS}
        return {**rest, "route_config": {**_untyped(routes), "validate_clusters": True}}
    if _DISCOVERED in value and value.get("name") in resources.ecds:
        rest = {key: item for key, item in value.items() if key != _DISCOVERED}
        return {**rest, "typed_config": resources.ecds[value["name"]]["typed_config"]}
    return {key: _inlined(item, resources) for key, item in value.items()}

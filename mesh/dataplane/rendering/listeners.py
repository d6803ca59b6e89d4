"""The two listeners: the front door, which is the gateway, and the mesh, which only this host's processes reach.

Reference: envoy.config.listener.v3.Listener, HttpConnectionManager.
"""

from collections.abc import Sequence

from mesh.chaos import doors
from mesh.chaos import rendering as chaos
from mesh.dataplane.rendering import mesh_routes
from mesh.dataplane.rendering.access_log import access_log
from mesh.dataplane.rendering.replies import mesh_replies
from mesh.dataplane.spec import Desired, Json
from mesh.gateway import rendering as gateway

FRONT_DOOR = "front_door"
MESH_SOCKET = "mesh.sock"

_LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
_EXTENSION = "type.googleapis.com/envoy.extensions.filters"


def listeners(desired: Desired) -> list[Json]:
    """The listeners, the front door's address still a placeholder."""
    own = [*chaos.listeners(desired.faults), *doors.listeners(desired.doors, desired.faults)]
    return [_front_door(desired), _mesh(), *({"@type": _LISTENER, **each} for each in own)]


def _front_door(desired: Desired) -> Json:
    filters = [*gateway.http_filters(desired.gateway), *chaos.http_filters(), _router()]
    manager = _manager(FRONT_DOOR, filters, gateway.manager_options(desired.gateway))
    return _listener(FRONT_DOOR, {"socket_address": {"address": "@front_door", "port_value": 0}}, manager)


def _mesh() -> Json:
    options: Json = {
        "generate_request_id": True,
        # A caller may pass its own id on, so that one id follows a request through all services.
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "use_remote_address": False,
        "strip_any_host_port": True,
        "normalize_path": True,
        "access_log": [access_log("mesh.json")],
        "local_reply_config": mesh_replies(),
    }
    manager = _manager(mesh_routes.NAME, [*chaos.http_filters(), _router()], options)
    return _listener(mesh_routes.NAME, {"pipe": {"path": f"@sockets/{MESH_SOCKET}", "mode": 0o600}}, manager)


def _manager(name: str, filters: Sequence[Json], options: Json) -> Json:
    return {
        "@type": f"{_EXTENSION}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "codec_type": "AUTO",
        "rds": {"route_config_name": name, "config_source": file_source(f"rds-{name}")},
        "http_filters": list(filters),
        **options,
    }


def _listener(name: str, address: Json, manager: Json) -> Json:
    return {
        "@type": _LISTENER,
        "name": name,
        "address": address,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _router() -> Json:
    router: Json = {"@type": f"{_EXTENSION}.http.router.v3.Router"}
    return {"name": "envoy.filters.http.router", "typed_config": router}


def file_source(name: str) -> Json:
    """A resource that Envoy reads from the node's folder, and again whenever the file is replaced."""
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": f"@config/{name}.json"},
        "initial_fetch_timeout": "5s",
    }

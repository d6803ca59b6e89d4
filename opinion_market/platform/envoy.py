"""The front door: Envoy's static configuration, as the dictionary that becomes its JSON.

Ordinary HTTP goes to granian; WebSockets and event streams go to uvicorn and may stay open for as long as they like.
Everything behind the door listens on unix sockets only. Reference: Envoy v3 API, `envoy.config.bootstrap.v3.Bootstrap`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Json = dict[str, object]

WEBSOCKET_PREFIXES = ("/ws/", "/api/v1/ai-analytics/ws/")
EVENT_STREAM_PATHS = ("/api/v1/monitoring/performance/realtime", "/api/v1/stream")

_EXTENSION = "type.googleapis.com/envoy.extensions"
_ACCESS_LOG_FORMAT: Json = {
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "duration_ms": "%DURATION%",
    "bytes_sent": "%BYTES_SENT%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "upstream": "%UPSTREAM_CLUSTER%",
    "request_id": "%REQ(X-REQUEST-ID)%",
}


@dataclass(frozen=True)
class FrontDoor:
    """What the configuration depends on."""

    addresses: Sequence[str]
    port: int
    granian_socket: Path
    uvicorn_socket: Path
    admin_socket: Path
    access_log: Path
    trusted_proxies: int


def configuration(door: FrontDoor) -> Json:
    """The whole bootstrap configuration."""
    return {
        "node": {"id": "front-door", "cluster": "opinion-market"},
        "admin": {"address": {"pipe": {"path": str(door.admin_socket), "mode": 0o600}}},
        "static_resources": {
            "listeners": [_listener(door, address) for address in door.addresses],
            "clusters": [_cluster("granian", door.granian_socket), _cluster("uvicorn", door.uvicorn_socket)],
        },
        # Above what a laptop's front door meets, and below the descriptors it may open.
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_EXTENSION}.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 20000,
                    },
                }
            ]
        },
    }


def _listener(door: FrontDoor, address: str) -> Json:
    manager: Json = {
        "@type": f"{_EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front_door",
        "codec_type": "AUTO",
        # The client's address is the connection's, or what that many proxies in front of this one say it is; what the
        # client itself claims in X-Forwarded-For stands before it.
        "use_remote_address": True,
        "xff_num_trusted_hops": door.trusted_proxies,
        "normalize_path": True,
        "request_headers_timeout": "15s",
        "request_timeout": "120s",
        "stream_idle_timeout": "120s",
        "common_http_protocol_options": {"idle_timeout": "300s", "headers_with_underscores_action": "DROP_HEADER"},
        "server_header_transformation": "PASS_THROUGH",
        "access_log": [_access_log(door.access_log)],
        "local_reply_config": _local_replies(),
        "route_config": {
            "name": "front_door",
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": _routes()}],
            "request_headers_to_remove": ["x-envoy-external-address"],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{_EXTENSION}.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    return {
        "name": f"front_door_{address}",
        "address": {"socket_address": {"address": address, "port_value": door.port}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _routes() -> list[Json]:
    open_ended: Json = {"cluster": "uvicorn", "timeout": "0s", "idle_timeout": "0s"}
    websocket: Json = {**open_ended, "upgrade_configs": [{"upgrade_type": "websocket"}]}
    event_stream_wanted = {
        "prefix": "/",
        "headers": [{"name": "accept", "string_match": {"contains": "text/event-stream"}}],
    }
    ordinary: Json = {
        "cluster": "granian",
        "timeout": "60s",
        # Only failures before the request was sent, so that no order is ever placed twice.
        "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
    }
    return [
        *({"match": {"prefix": prefix}, "route": websocket} for prefix in WEBSOCKET_PREFIXES),
        *({"match": {"path": path}, "route": open_ended} for path in EVENT_STREAM_PATHS),
        {"match": event_stream_wanted, "route": open_ended},
        {"match": {"prefix": "/"}, "route": ordinary},
    ]


def _cluster(name: str, socket: Path) -> Json:
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(socket)}}}}
    limits = {"max_connections": 20000, "max_pending_requests": 20000, "max_requests": 20000}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _access_log(path: Path) -> Json:
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_EXTENSION}.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"json_format": _ACCESS_LOG_FORMAT},
        },
    }


def _local_replies() -> Json:
    """While a server behind the door is starting, answer in the API's own format rather than in Envoy's words."""
    unavailable: Json = {
        "filter": {
            "status_code_filter": {
                "comparison": {"op": "EQ", "value": {"default_value": 503, "runtime_key": "front_door.unavailable"}}
            }
        },
        "headers_to_add": [{"header": {"key": "Retry-After", "value": "2"}}],
        "body_format_override": {
            "content_type": "application/problem+json",
            "json_format": {
                "type": "about:blank",
                "title": "The platform is starting or restarting; try again in a moment.",
                "status": "%RESPONSE_CODE%",
                "code": "starting",
            },
        },
    }
    return {"mappers": [unavailable]}

"""Doors to TCP services (PostgreSQL, Redis) through Envoy, whose connections or commands can be made to wait. Pure.

Envoy has no TCP fault filter. What it has, and what is used here, on a unix socket per service in the node's folder:

- Redis: `redis_proxy`, which reads commands and holds back each of them (in the share asked for). It knows Redis' data
  commands, but no SELECT, no SUBSCRIBE and no blocking commands: the platform's broker does not go through it.
- Anything else: `tcp_proxy`. While a delay is wanted it tunnels each connection as an HTTP/2 CONNECT to a listener whose HTTP fault
  filter waits before connecting upstream: a new connection waits, an open one does not. Without a fault there is no tunnel.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.chaos.rendering import share
from mesh.dataplane.spec import Endpoint, Fault, Json

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
CONNECT_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A TCP service that can be reached through Envoy. `key`: `mesh/service`."""

    key: str
    endpoints: Sequence[Endpoint]
    is_redis: bool = False
    connect_timeout_ms: int = 1_000

    @property
    def cluster(self) -> str:
        return f"tcp:{self.key}"

    @property
    def socket(self) -> str:
        """Where it is reached: PostgreSQL's clients look for this name in a folder given as host, with the port."""
        port = next((each.port for each in self.endpoints if each.port), 5_432)
        return f"@sockets/{self.key.replace('/', '.')}.sock" if self.is_redis else f"@sockets/.s.PGSQL.{port}"

    @property
    def tunnel_socket(self) -> str:
        return f"@sockets/{self.key.replace('/', '.')}.tunnel.sock"


def clusters(doors: Sequence[Door], faults: Sequence[Fault]) -> list[Json]:
    """The doors' upstreams, and the tunnels in use."""
    found = []
    for door in doors:
        found.append(_cluster(door.cluster, [_address(each) for each in door.endpoints], door.connect_timeout_ms))
        if _waits(door, faults):
            tunnel = _cluster(f"{door.cluster}#tunnel", [_pipe(door.tunnel_socket)], 1_000)
            explicit: Json = {"http2_protocol_options": {}}
            options: Json = {"@type": f"type.googleapis.com/{_PROTOCOL}", "explicit_http_config": explicit}
            found.append({**tunnel, "typed_extension_protocol_options": {_PROTOCOL: options}})
    return found


def listeners(doors: Sequence[Door], faults: Sequence[Fault]) -> list[Json]:
    """The doors themselves, with what they are to do."""
    found = []
    for door in doors:
        waits = _waits(door, faults)
        if door.is_redis:
            found.append(_listener(door.cluster, door.socket, _redis_proxy(door, faults)))
        elif waits:
            found.append(_listener(door.cluster, door.socket, _tcp_proxy(door, tunnels=True)))
            found.append(_listener(f"{door.cluster}#tunnel", door.tunnel_socket, _waiting(door, waits)))
        else:
            found.append(_listener(door.cluster, door.socket, _tcp_proxy(door, tunnels=False)))
    return found


def _waits(door: Door, faults: Sequence[Fault]) -> list[Fault]:
    return [each for each in faults if each.kind == "tcp_delay" and each.service == door.key and each.delay_ms > 0]


def _tcp_proxy(door: Door, *, tunnels: bool) -> Json:
    config: Json = {
        "@type": f"{_NETWORK}.tcp_proxy.v3.TcpProxy",
        "stat_prefix": door.cluster,
        "cluster": f"{door.cluster}#tunnel" if tunnels else door.cluster,
    }
    if tunnels:
        config["tunneling_config"] = {"hostname": f"{door.key.replace('/', '.')}:1"}
    return {"name": "tcp", "typed_config": config}


def _redis_proxy(door: Door, faults: Sequence[Fault]) -> Json:
    waiting = [each for each in faults if each.kind == "redis_delay" and each.service == door.key and each.delay_ms > 0]
    return {
        "name": "redis",
        "typed_config": {
            "@type": f"{_NETWORK}.redis_proxy.v3.RedisProxy",
            "stat_prefix": door.cluster,
            "settings": {"op_timeout": f"{CONNECT_TIMEOUT_S}s"},
            "prefix_routes": {"catch_all_route": {"cluster": door.cluster}},
            "faults": [
                {
                    "fault_type": "DELAY",
                    "delay": f"{each.delay_ms / 1000:.3f}s",
                    # Redis' faults know whole percents only.
                    "fault_enabled": {
                        "default_value": {"numerator": max(1, round(each.percent)), "denominator": "HUNDRED"},
                        "runtime_key": f"chaos.redis.{index}",
                    },
                }
                for index, each in enumerate(waiting)
            ],
        },
    }


def _waiting(door: Door, waits: Sequence[Fault]) -> Json:
    """An HTTP connection manager that ends the tunnel: it waits, then connects upstream."""
    filters: list[Json] = [
        {
            "name": f"wait-{index}",
            "typed_config": {
                "@type": f"{_HTTP}.fault.v3.HTTPFault",
                "delay": {"fixed_delay": f"{each.delay_ms / 1000:.3f}s", "percentage": share(each.percent)},
            },
        }
        for index, each in enumerate(waits)
    ]
    connect: Json = {"upgrade_type": "CONNECT"}
    action: Json = {
        "cluster": door.cluster,
        "timeout": "0s",
        "idle_timeout": "0s",
        "upgrade_configs": [{**connect, "connect_config": {}}],
    }
    route: Json = {"match": {"connect_matcher": {}}, "route": action}
    host: Json = {"name": "tunnel", "domains": ["*"], "routes": [route]}
    return {
        "name": "tunnel",
        "typed_config": {
            "@type": f"{_NETWORK}.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": f"{door.cluster}#tunnel",
            "codec_type": "HTTP2",
            "http2_protocol_options": {"allow_connect": True},
            "upgrade_configs": [connect],
            "stream_idle_timeout": "0s",
            "http_filters": [*filters, {"name": "router", "typed_config": {"@type": f"{_HTTP}.router.v3.Router"}}],
            "route_config": {"name": "tunnel", "virtual_hosts": [host]},
        },
    }


def _listener(name: str, socket: str, last: Json) -> Json:
    return {
        "name": name,
        "address": {"pipe": {"path": socket, "mode": 0o600}},
        "filter_chains": [{"filters": [last]}],
    }


def _cluster(name: str, addresses: Sequence[Json], timeout_ms: int) -> Json:
    endpoints: list[Json] = [{"endpoint": {"address": each}} for each in addresses]
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": f"{timeout_ms / 1000:.3f}s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _address(endpoint: Endpoint) -> Json:
    if endpoint.socket:
        return _pipe(f"@sockets/{endpoint.socket}")
    return {"socket_address": {"address": endpoint.address, "port_value": endpoint.port}}


def _pipe(path: str) -> Json:
    return {"pipe": {"path": path}}

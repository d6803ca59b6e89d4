"""Doors to TCP services (PostgreSQL, Redis) through Envoy, whose messages can be made to wait. Pure.

Each is a listener on a unix socket in the node's folder: the filter of `mesh.chaos.waiting`, then Envoy's TCP proxy. The filter
stands there always and is told what to do by its configuration, so that a fault strikes connections that are open already, and
leaves them when it ends.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from mesh.chaos.waiting import module, setting
from mesh.dataplane.spec import Endpoint, Fault, Json

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
MOST_CONNECTIONS = 100_000
_TEXT = "type.googleapis.com/google.protobuf.StringValue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A TCP service that can be reached through Envoy. `key`: `mesh/service`."""

    key: str
    endpoints: Sequence[Endpoint]
    is_redis: bool = False
    connect_timeout_ms: int = 1_000
    # How often its delay has changed (see `waiting.setting`).
    revision: int = 0

    @property
    def cluster(self) -> str:
        return f"tcp:{self.key}"

    @property
    def socket(self) -> str:
        """Where it is reached: PostgreSQL's clients look for this name in a folder given as host, with the port."""
        port = next((each.port for each in self.endpoints if each.port), 5_432)
        return f"@sockets/{self.key.replace('/', '.')}.sock" if self.is_redis else f"@sockets/.s.PGSQL.{port}"


def clusters(doors: Sequence[Door]) -> list[Json]:
    """The doors' upstreams."""
    return [_cluster(door) for door in doors]


def listeners(doors: Sequence[Door], faults: Sequence[Fault]) -> list[Json]:
    """The doors themselves, with how long messages wait there. Of several delays on one the longest counts."""
    return [_listener(door, [each for each in faults if _strikes(each, door)]) for door in doors]


def _strikes(fault: Fault, door: Door) -> bool:
    return fault.kind == "tcp_delay" and fault.service == door.key


def _listener(door: Door, faults: Sequence[Fault]) -> Json:
    longest = max(faults, key=lambda each: each.delay_ms, default=None)
    delay_ms, percent = (longest.delay_ms, longest.percent) if longest else (0, 0.0)
    proxy: Json = {"@type": f"{_NETWORK}.tcp_proxy.v3.TcpProxy", "stat_prefix": door.cluster, "cluster": door.cluster}
    filters: list[Json] = [
        _waiting(door, setting(delay_ms, percent, door.revision)),
        {"name": "tcp", "typed_config": proxy},
    ]
    return {
        "name": door.cluster,
        "address": {"pipe": {"path": door.socket, "mode": 0o600}},
        "filter_chains": [{"filters": filters}],
    }


def _waiting(door: Door, told: str) -> Json:
    code: Json = {"local": {"inline_bytes": base64.b64encode(module()).decode()}}
    plugin: Json = {
        "name": "chaos",
        "root_id": "chaos",
        # Connections go on without it, should it ever fail.
        "failure_policy": "FAIL_OPEN",
        # One machine for each door: what a configuration tells it holds for all the door's connections.
        "vm_config": {"vm_id": f"chaos:{door.key}", "runtime": "envoy.wasm.runtime.v8", "code": code},
        "configuration": {"@type": _TEXT, "value": told},
    }
    return {"name": "waiting", "typed_config": {"@type": f"{_NETWORK}.wasm.v3.Wasm", "config": plugin}}


def _cluster(door: Door) -> Json:
    endpoints: list[Json] = [{"endpoint": {"address": _address(each)}} for each in door.endpoints]
    return {
        "name": door.cluster,
        "type": "STATIC",
        "connect_timeout": f"{door.connect_timeout_ms / 1000:.3f}s",
        # The server knows how many it can bear; Envoy's own limit would be 1,024.
        "circuit_breakers": {"thresholds": [{"max_connections": MOST_CONNECTIONS}]},
        "load_assignment": {"cluster_name": door.cluster, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _address(endpoint: Endpoint) -> Json:
    if endpoint.socket:
        return {"pipe": {"path": f"@sockets/{endpoint.socket}"}}
    return {"socket_address": {"address": endpoint.address, "port_value": endpoint.port}}

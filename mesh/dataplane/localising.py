"""Resources as one node uses them: its folders, its addresses, its sockets.

Pure. What reaches Envoy differs from what was published only here.
"""

from collections.abc import Mapping, Sequence

from mesh.dataplane.spec import Host, Json, Resources

FRONT_DOOR_ADDRESS = "@front_door"


def localise(resources: Resources, host: Host) -> Resources:
    """The resources for this node."""
    folders = {
        "@config": host.config,
        "@cache": f"{host.config}/cache",
        "@sockets": host.sockets,
        "@logs": host.logs,
    }
    listeners: list[Json] = []
    for listener in resources.lds:
        listeners.extend(_at_addresses(listener, host) if _is_front_door(listener) else [listener])
    return Resources(
        cds=[_object(_filled(_local_endpoints(each, host.node), folders)) for each in resources.cds],
        lds=[_object(_filled(each, folders)) for each in listeners],
        rds={name: _object(_filled(each, folders)) for name, each in resources.rds.items()},
        ecds={name: _object(_filled(each, folders)) for name, each in resources.ecds.items()},
    )


def _object(value: object) -> Json:
    if not isinstance(value, dict):
        raise TypeError(f"A resource is an object, not {type(value).__name__}.")
    return value


def _filled(value: object, folders: Mapping[str, str]) -> object:
    """Placeholders stand at the beginning of a text and end with a slash or with the text."""
    if isinstance(value, str):
        if value.startswith("@"):
            name, slash, rest = value.partition("/")
            if name in folders:
                return f"{folders[name]}{slash}{rest}"
        return value
    if isinstance(value, dict):
        return {key: _filled(item, folders) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, folders) for item in value]
    return value


def _is_front_door(listener: Json) -> bool:
    return _socket_address(listener).get("address") == FRONT_DOOR_ADDRESS


def _socket_address(listener: Json) -> Json:
    address = listener.get("address")
    found = address.get("socket_address") if isinstance(address, dict) else None
    return found if isinstance(found, dict) else {}


def _at_addresses(listener: Json, host: Host) -> Sequence[Json]:
    chains = _with_trusted_proxies(listener["filter_chains"], host.trusted_proxies)
    return [
        {
            **listener,
            "name": f"{listener['name']}_{address}",
            "address": {"socket_address": {"address": address, "port_value": host.port}},
            "filter_chains": chains,
        }
        for address in host.addresses
    ]


def _with_trusted_proxies(value: object, trusted: int) -> object:
    """How many proxies stand before this node's front door is known to the node alone."""
    if isinstance(value, dict):
        filled = {key: _with_trusted_proxies(item, trusted) for key, item in value.items()}
        if trusted and "http_filters" in filled:
            filled["xff_num_trusted_hops"] = trusted
        return filled
    if isinstance(value, list):
        return [_with_trusted_proxies(item, trusted) for item in value]
    return value


def _local_endpoints(cluster: Json, node: str) -> Json:
    """A cluster without the sockets of other nodes."""
    assignment = cluster.get("load_assignment")
    if not isinstance(assignment, dict):
        return cluster
    localities = [
        {**locality, "lb_endpoints": [each for each in locality["lb_endpoints"] if _is_reached_from(each, node)]}
        for locality in assignment.get("endpoints", [])
    ]
    return {**cluster, "load_assignment": {**assignment, "endpoints": localities}}


def _is_reached_from(endpoint: Mapping[str, object], node: str) -> bool:
    metadata = endpoint.get("metadata")
    if not isinstance(metadata, dict):
        return True
    return bool(metadata["filter_metadata"]["mesh"]["node"] == node)

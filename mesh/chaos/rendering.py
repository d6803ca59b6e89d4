"""Faults as Envoy carries them out. Pure: the values of `mesh.dataplane.spec` in, Envoy's JSON out.

Delays, aborts and bandwidth are Envoy's HTTP fault filter, of which SLOTS stand in the chain: a filter holds one delay, one
abort, one share and one header match, so each fault takes a filter of its own and any few of them combine on a route. They
stand disabled; a route's `typed_per_filter_config` enables those it needs and tells each its fault.

A connection reset is a request sent to `RESET`, a listener that closes whatever connects to it: Envoy, its caller's
retries and its logs see what they see when an upstream dies before answering (503, flag UC). A share of a route's requests
goes there by a copy of the route that stands before it and matches at random. The choice is made once per request, not per try,
so the share asked for is the share that fails, whatever the retry policy.
"""

from collections.abc import Mapping, Sequence

from mesh.dataplane.spec import Endpoint, Fault, Json

SLOTS = 8
RESET = "chaos/reset"
RESET_SOCKET = "@sockets/chaos-reset.sock"

_FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"
_DIRECT = "type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config"
_FILTERED = ("delay", "abort", "bandwidth")


def slot(index: int) -> str:
    """The name of a fault filter in the chain."""
    return f"chaos-{index}"


def http_filters() -> list[Json]:
    """The fault filters, for both listeners' chains: after authentication and limits, before compression and the router."""
    return [{"name": slot(index), "disabled": True, "typed_config": {"@type": _FAULT}} for index in range(SLOTS)]


def per_route(faults: Sequence[Fault]) -> Json | None:
    """`typed_per_filter_config` of a route or virtual host with these faults; None if there is nothing to say.

    Of more than SLOTS faults the first count; `mesh.chaos.services` refuses experiments with more on one target.
    """
    filtered = [each for each in faults if each.kind in _FILTERED and _does_something(each)]
    return {slot(index): _fault(each) for index, each in enumerate(filtered[:SLOTS])} or None


def split_for_resets(route: Json, faults: Sequence[Fault]) -> list[Json]:
    """The routes to put in place of `route`: one before it for each reset among its faults, then itself.

    Only a route that forwards (`route`) can be reset; others, such as redirects, stay as they are.
    """
    resets = [each for each in faults if each.kind == "reset"]
    action, match = route.get("route"), route.get("match")
    if not resets or not isinstance(action, Mapping) or not isinstance(match, Mapping):
        return [route]
    return [*(_reset_route(route, match, action, each) for each in resets), route]


def clusters(faults: Sequence[Fault]) -> list[Json]:
    """The cluster that resets go to, while there are any."""
    if not any(each.kind == "reset" for each in faults):
        return []
    endpoint: Json = {"endpoint": {"address": {"pipe": {"path": RESET_SOCKET}}}}
    return [
        {
            "name": RESET,
            "type": "STATIC",
            "connect_timeout": "1s",
            # It is to fail: neither the breaker nor anything else may answer in its place.
            "circuit_breakers": {
                "thresholds": [{"max_connections": 100_000, "max_requests": 100_000, "max_retries": 100_000}]
            },
            "load_assignment": {"cluster_name": RESET, "endpoints": [{"lb_endpoints": [endpoint]}]},
        }
    ]


def listeners(faults: Sequence[Fault]) -> list[Json]:
    """The listener that closes what connects to it, while there are resets."""
    if not any(each.kind == "reset" for each in faults):
        return []
    closing: Json = {"name": "close", "typed_config": {"@type": _DIRECT}}
    return [
        {
            "name": RESET,
            "address": {"pipe": {"path": RESET_SOCKET, "mode": 0o600}},
            "filter_chains": [{"filters": [closing]}],
        }
    ]


def without(endpoints: Sequence[Endpoint], faults: Sequence[Fault]) -> list[Endpoint]:
    """A service's endpoints but for those that its faults make unhealthy."""
    gone = {each.instance for each in faults if each.kind == "unhealthy"}
    return [each for each in endpoints if place(each) not in gone]


def place(endpoint: Endpoint) -> str:
    """Where an endpoint listens, as faults name it: address:port, or node/socket."""
    return f"{endpoint.node}/{endpoint.socket}" if endpoint.socket else f"{endpoint.address}:{endpoint.port}"


def share(percent: float) -> Json:
    """Envoy's FractionalPercent, to the hundredth of a percent; more than nothing is at least that."""
    return {"numerator": max(1, round(percent * 100)) if percent > 0 else 0, "denominator": "TEN_THOUSAND"}


def _does_something(fault: Fault) -> bool:
    return fault.kind != "delay" or fault.delay_ms > 0  # Envoy refuses a delay of nothing


def _fault(fault: Fault) -> Json:
    found: Json = {"@type": _FAULT}
    percentage = share(fault.percent)
    if fault.kind == "delay":
        found["delay"] = {"fixed_delay": f"{fault.delay_ms / 1000:.3f}s", "percentage": percentage}
    elif fault.kind == "abort":
        found["abort"] = {"http_status": fault.status, "percentage": percentage}
    else:
        limit: Json = {"limit_kbps": fault.kib_per_s}
        found["response_rate_limit"] = {"fixed_limit": limit, "percentage": percentage}
    if fault.header:
        found["headers"] = [_header(fault)]
    return found


def _reset_route(route: Json, match: Mapping[str, object], action: Mapping[str, object], fault: Fault) -> Json:
    narrowed: Json = dict(match)
    narrowed["runtime_fraction"] = {"default_value": share(fault.percent)}
    if fault.header:
        given = match.get("headers", [])
        narrowed["headers"] = [*(given if isinstance(given, list) else []), _header(fault)]
    targets = ("cluster", "weighted_clusters", "cluster_header", "request_mirror_policies", "hash_policy")
    forwarded: Json = {name: value for name, value in action.items() if name not in targets}
    forwarded["cluster"] = RESET
    name = f"{route.get('name', '')}#reset"
    return {**route, "name": name, "match": narrowed, "route": forwarded}


def _header(fault: Fault) -> Json:
    name = fault.header.lower()
    if not fault.value:
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": {"exact": fault.value}}

"""The front door's routes and filters as Envoy's configuration."""

from collections.abc import Callable

from mesh.gateway.spec import Gateway

Json = dict[str, object]


def virtual_hosts(gateway: Gateway, cluster_of: Callable[[str, str], str]) -> list[Json]:
    routes: list[Json] = []
    for route in gateway.routes:
        match: Json = {"prefix": route.path} if route.match == "prefix" else {"path": route.path}
        if route.accept_contains:
            match["headers"] = [{"name": "accept", "string_match": {"contains": route.accept_contains}}]
        action: Json = {"cluster": cluster_of(route.upstream, ""), "timeout": f"{route.timeout_ms / 1000:g}s"}
        if route.is_open_ended:
            action["timeout"] = action["idle_timeout"] = "0s"
        else:
            action["retry_policy"] = {"retry_on": "connect-failure,refused-stream", "num_retries": 2}
        if route.is_websocket:
            action["upgrade_configs"] = [{"upgrade_type": "websocket"}]
        routes.append({"name": route.name, "match": match, "route": action})
    return [{"name": "all", "domains": ["*"], "routes": routes}]


def http_filters(gateway: Gateway) -> list[Json]:
    return []


def extension_configs(gateway: Gateway) -> dict[str, Json]:
    return {}


def clusters(gateway: Gateway) -> list[Json]:
    return []


def manager_options(gateway: Gateway) -> Json:
    return {"use_remote_address": True, "always_set_request_id_in_response": True}

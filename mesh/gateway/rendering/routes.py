"""Routes: what a request must look like, where it goes, and which filters of the chain it passes."""

import re
from collections.abc import Callable, Mapping, Sequence

from mesh.gateway.rendering import authentication, limits, responses
from mesh.gateway.rendering.names import (
    AUTHORISE_PATH,
    PROVED_BY,
    ROUTE_METADATA,
    SERVICE,
    Json,
    header,
    literal,
    seconds,
)
from mesh.gateway.spec import Gateway, HeaderMatch, Route

ClusterOf = Callable[[str, str], str]


def virtual_hosts(gateway: Gateway, cluster_of: ClusterOf) -> list[Json]:
    """The route configuration's virtual hosts: one for all hosts, since routes are tried in one order.

    `cluster_of(service, version)` names the cluster of a service's instances (version "": of all).
    """
    guard: Json = {
        "name": "internal",
        "match": {"prefix": AUTHORISE_PATH.rsplit("/", 1)[0]},
        # As for any address that leads nowhere; the platform itself refuses too what came through the door.
        "direct_response": {"status": 404},
    }
    routes = [guard, *(_route(gateway, each, cluster_of) for each in gateway.routes)]
    return [{"name": "all", "domains": ["*"], "routes": routes}]


def _route(gateway: Gateway, route: Route, cluster_of: ClusterOf) -> Json:
    provider = gateway.provider(route.authentication) if route.authentication else None
    filters: dict[str, Json] = {**limits.per_route(gateway), **responses.per_route(gateway, route)}
    if route.authentication:
        filters.update(authentication.per_route(route.authentication, provider, cluster_of))
    added = [header(PROVED_BY, route.authentication)] if route.authentication else []
    if not route.upstream.startswith("platform/"):
        added.append(header(SERVICE, route.upstream))
    rendered: Json = {
        "name": route.name,
        "match": match(route),
        "route": _action(route, cluster_of),
        "metadata": {"filter_metadata": {ROUTE_METADATA: {"route": route.name}}},
    }
    told = _deprecation(route)
    if filters:
        rendered["typed_per_filter_config"] = dict(sorted(filters.items()))
    if added:
        rendered["request_headers_to_add"] = added
    if told:
        rendered["response_headers_to_add"] = told
    return rendered


def match(route: Route) -> Json:
    """Envoy's words for what a request of the route looks like; `mesh.gateway.matching` says the same in Python."""
    path: Mapping[str, Json] = {
        "prefix": {"prefix": route.path},
        "exact": {"path": route.path},
        "regex": {"safe_regex": {"regex": route.path}},
    }
    headers: list[Json] = []
    if route.hosts:
        headers.append(_regex(":authority", host_pattern(route.hosts)))
    if route.methods:
        headers.append(_regex(":method", "|".join(map(re.escape, route.methods))))
    headers += [_header(each) for each in route.headers]
    return {**path[route.match], **({"headers": headers} if headers else {})}


def host_pattern(hosts: Sequence[str]) -> str:
    """A regular expression of these hosts with any port; `*.example.org` is one or more labels before it."""
    written = [rf"([a-z0-9-]+\.)+{re.escape(host[2:])}" if host.startswith("*.") else re.escape(host) for host in hosts]
    return rf"(?i)({'|'.join(written)})(:\d+)?"


def _regex(name: str, pattern: str) -> Json:
    return {"name": name, "string_match": {"safe_regex": {"regex": pattern}}}


def _header(wanted: HeaderMatch) -> Json:
    rendered: Json = {"name": wanted.name}
    if wanted.kind == "present":
        rendered["present_match"] = True
    elif wanted.kind == "regex":
        rendered["string_match"] = {"safe_regex": {"regex": wanted.value}}
    else:
        rendered["string_match"] = {wanted.kind: wanted.value}
    if wanted.is_inverted:
        rendered["invert_match"] = True
        # "Not this value" is true of a request without the header.
        if wanted.kind != "present":
            rendered["treat_missing_header_as_empty"] = True
    return rendered


def _action(route: Route, cluster_of: ClusterOf) -> Json:
    action: Json = {"timeout": "0s" if route.is_open_ended else seconds(route.timeout_ms)}
    if route.split:
        action["weighted_clusters"] = {
            "clusters": [
                {"name": cluster_of(each.service, each.version), "weight": each.weight}
                for each in route.split
                if each.weight
            ]
        }
    elif responses.is_cached(route):
        action["cluster"] = responses.origin_of(route)
    else:
        action["cluster"] = cluster_of(route.upstream, route.version)
    if route.is_open_ended:
        action["idle_timeout"] = "0s"
    if route.is_websocket:
        action["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    if route.retries:
        action["retry_policy"] = {"retry_on": route.retry_on, "num_retries": route.retries}
    if route.rewrite and route.match == "regex":
        action["regex_rewrite"] = {"pattern": {"regex": route.path}, "substitution": route.rewrite}
    elif route.rewrite:
        action["prefix_rewrite"] = route.rewrite
    return action


def _deprecation(route: Route) -> list[Json]:
    old = route.deprecation
    if old is None:
        return []
    told = [header("deprecation", f"@{old.since_s}")]
    if old.sunset:
        told.append(header("sunset", old.sunset))
    if old.successor:
        told.append(header("link", f'<{literal(old.successor)}>; rel="successor-version"', "APPEND_IF_EXISTS_OR_ADD"))
    return told

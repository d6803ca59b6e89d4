"""The chain of filters before the router, in the order staff gave it; identity headers are always stripped first.

Every filter is always there, off where no route wants it: a route that wants it changes the routes, not the listener.
"""

from collections.abc import Callable, Mapping

from mesh.gateway.rendering import authentication, limits, responses
from mesh.gateway.rendering.names import (
    ASKING,
    CORRELATION,
    CORS,
    FRONT_DOOR,
    JWT,
    REVOCATIONS,
    STRIP,
    Json,
    header,
    limit_filter,
    typed,
)
from mesh.gateway.spec import UNITS, Gateway

_RATE_LIMIT = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
_JWT = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"


def http_filters(gateway: Gateway) -> list[Json]:
    """The filters, outermost first, without the router."""
    steps: Mapping[str, Callable[[], list[Json]]] = {
        "security_headers": lambda: [responses.security_headers_filter()],
        "cors": lambda: [{"name": CORS, "typed_config": typed("filters.http.cors.v3.Cors")}],
        "compression": lambda: [responses.compressor()],
        "authentication": _authentication,
        "rate_limits": _rate_limits,
        "body_limit": lambda: [responses.body_limit()],
        "cache": lambda: responses.cache(gateway),
    }
    return [_strip(), *(filter_ for step in gateway.middleware for filter_ in steps[step]())]


def extension_configs(gateway: Gateway) -> dict[str, Json]:
    """What the chain's filters discover, by name."""
    configs = limits.extension_configs(gateway)
    configs[JWT] = authentication.jwt(gateway)
    configs[REVOCATIONS] = authentication.revocations(gateway)
    return {
        name: {
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": name,
            "typed_config": config,
        }
        for name, config in configs.items()
    }


def static_http_filters(gateway: Gateway) -> list[Json]:
    """The same filters with what they discover written in place: `envoy --mode validate` reads nothing that is discovered."""
    configs = extension_configs(gateway)
    return [
        {
            **{name: value for name, value in each.items() if name != "config_discovery"},
            "typed_config": configs[str(each["name"])]["typed_config"],
        }
        if "config_discovery" in each
        else each
        for each in http_filters(gateway)
    ]


def _strip() -> Json:
    """Drop what only the front door may say, and say that this came through it."""
    mutations: list[Json] = [
        {"remove_on_match": {"key_matcher": {"prefix": "x-om-", "ignore_case": True}}},
        {"append": header(FRONT_DOOR, "1")},
        {"append": header(CORRELATION, "%REQ(X-REQUEST-ID)%", "ADD_IF_ABSENT")},
    ]
    config = typed("filters.http.header_mutation.v3.HeaderMutation", mutations={"request_mutations": mutations})
    return {"name": STRIP, "typed_config": config}


def _rate_limits() -> list[Json]:
    return [limits.one_set_of_headers(), *(_discovered(limit_filter(unit), _RATE_LIMIT) for unit in UNITS)]


def _authentication() -> list[Json]:
    return [
        {**_discovered(JWT, _JWT), "disabled": True},
        _discovered(REVOCATIONS, _RBAC),
        {"name": ASKING, "typed_config": authentication.asking(), "disabled": True},
    ]


def _discovered(name: str, kind: str) -> Json:
    source: Json = {"path_config_source": {"path": f"@config/ecds-{name}.json"}, "resource_api_version": "V3"}
    return {"name": name, "config_discovery": {"config_source": source, "type_urls": [kind]}}

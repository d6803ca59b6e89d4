"""Who is calling: what Envoy checks itself (JSON web tokens), and whom it asks about everything else.

Both filters are in the chain but off; a route that authenticates turns one of them on. What cannot be decided is refused.
"""

from collections.abc import Callable

from mesh.gateway.rendering.names import (
    ASKING,
    AUTHORISE_PATH,
    IDENTITY,
    JWT,
    ORGANIZATION,
    SCOPE,
    USER,
    Json,
    seconds,
    typed,
)
from mesh.gateway.spec import Gateway, Provider

AUTHORISER = "gateway/authorisation"
_JWT = "filters.http.jwt_authn.v3"
_ASKING = "filters.http.ext_authz.v3"
_JWT_METADATA = "envoy.filters.http.jwt_authn"
# A requirement that no provider is named like: a route whose provider is gone is refused by the filter.
NOBODY = "nobody"


def jwt(gateway: Gateway) -> Json:
    """The configuration of the filter that checks tokens: one requirement per provider."""
    providers = [each for each in gateway.providers if each.kind == "jwt"]
    return typed(
        f"{_JWT}.JwtAuthentication",
        providers={each.name: _jwt_provider(each) for each in providers},
        requirement_map={each.name: {"provider_name": each.name} for each in providers},
    )


def _jwt_provider(provider: Provider) -> Json:
    claims = {USER: provider.user_claim, ORGANIZATION: provider.organization_claim, SCOPE: "scope"}
    return {
        "issuer": provider.issuer,
        "audiences": list(provider.audiences),
        "require_expiration": True,
        "local_jwks": {"inline_string": provider.jwks},
        "clock_skew_seconds": 5,
        # Of tokens whose signature was right; their times are looked at again each time, and new keys begin with none.
        "jwt_cache_config": {"jwt_cache_size": 1_000},
        "payload_in_metadata": provider.name,
        "claim_to_headers": [
            {"header_name": name, "claim_name": claim} for name, claim in sorted(claims.items()) if claim
        ],
    }


def revocations(gateway: Gateway) -> Json:
    """Tokens that were valid and are not wanted any more, by their `jti`."""
    policies = {
        provider.name: {
            "permissions": [{"any": True}],
            "principals": [_has_id(provider.name, jti) for jti in provider.revoked],
        }
        for provider in gateway.providers
        if provider.kind == "jwt" and provider.revoked
    }
    return typed("filters.http.rbac.v3.RBAC", rules={"action": "DENY", "policies": policies})


def _has_id(provider: str, jti: str) -> Json:
    path = [{"key": provider}, {"key": "jti"}]
    matcher: Json = {"filter": _JWT_METADATA, "path": path, "value": {"string_match": {"exact": jti}}}
    return {"sourced_metadata": {"metadata_matcher": matcher, "metadata_source": "DYNAMIC"}}


def asking() -> Json:
    """The filter that asks an authorisation service; which one, a route says. No answer is a refusal (503)."""
    return typed(
        f"{_ASKING}.ExtAuthz",
        http_service=_service(AUTHORISER, f"{AUTHORISE_PATH}/{NOBODY}", 1_000, is_own=True),
        transport_api_version="V3",
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
        allowed_headers={"patterns": _exactly("authorization", "x-api-key", "x-request-id")},
        stat_prefix="gateway",
    )


def per_route(name: str, provider: Provider | None, cluster_of: Callable[[str, str], str]) -> dict[str, Json]:
    """What a route that authenticates with this provider turns on. A provider that is gone lets nobody through."""
    if provider is not None and provider.kind == "jwt":
        return {JWT: typed(f"{_JWT}.PerRouteConfig", requirement_name=name)}
    if provider is None:
        service = _service(AUTHORISER, f"{AUTHORISE_PATH}/{NOBODY}", 1_000, is_own=True)
    elif provider.kind == "custom":
        service = _service(cluster_of(provider.service, ""), provider.path, provider.timeout_ms, is_own=False)
    else:
        service = _service(AUTHORISER, f"{AUTHORISE_PATH}/{name}", provider.timeout_ms, is_own=True)
    settings: Json = {"http_service": service, "disable_request_body_buffering": True}
    return {ASKING: typed(f"{_ASKING}.ExtAuthzPerRoute", check_settings=settings)}


def _service(cluster: str, path: str, timeout_ms: int, *, is_own: bool) -> Json:
    """An authorisation service. Ours has one address per provider; others get the request's own path after theirs."""
    host = "localhost" if is_own else cluster.replace("/", ".")
    return {
        "server_uri": {"uri": f"http://{host}", "cluster": cluster, "timeout": seconds(timeout_ms)},
        **({"path_override": path} if is_own else {"path_prefix": path.rstrip("/")}),
        "authorization_response": {
            "allowed_upstream_headers": {"patterns": _exactly(*IDENTITY)},
            "allowed_client_headers": {"patterns": _exactly("www-authenticate", "x-correlation-id")},
        },
    }


def _exactly(*names: str) -> list[Json]:
    return [{"exact": name, "ignore_case": True} for name in names]

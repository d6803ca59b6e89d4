"""What a route, a provider and a pipeline must be like, beyond what their fields say. Raises; changes nothing.

Regular expressions are left to Envoy: its dialect (RE2) is not Python's, and every change is tried by Envoy itself.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from jwcrypto.jwk import InvalidJWKType, InvalidJWKValue, JWKSet

from mesh.gateway.errors import InvalidLimit, InvalidMiddleware, InvalidProvider, InvalidRoute
from mesh.gateway.models import IdentityProvider, RateLimit, Route
from mesh.gateway.spec import MIDDLEWARE

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}")
HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
KINDS = ("exact", "prefix", "contains", "regex", "present")
KIND_CHOICES = [(kind, kind) for kind in KINDS]
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_SAFE_METHODS = {"GET", "HEAD"}
_MOST = 50


def check_route(route: Route, backends: Sequence[Mapping[str, object]]) -> None:
    """Raises InvalidRoute, its message naming the field."""
    if route.match != Route.Match.REGEX and not route.path.startswith("/"):
        raise InvalidRoute("path: it begins with a slash.", field="path")
    for name in ("path", "rewrite", "successor", "retry_on"):
        if not _PRINTABLE.fullmatch(getattr(route, name)):
            raise InvalidRoute(f"{name}: only printable ASCII.", field=name)
    if route.rewrite and route.match != Route.Match.REGEX and not route.rewrite.startswith("/"):
        raise InvalidRoute("rewrite: it begins with a slash.", field="rewrite")
    _check_list("hosts", route.hosts, HOST)
    _check_list("methods", route.methods, re.compile(r"[A-Z]{1,20}"))
    _check_headers(route.headers)
    _check_cors(route.cors)
    if route.cache_s:
        _check_cached(route, backends)
    if backends and not any(each["weight"] for each in backends):
        raise InvalidRoute("backends: at least one needs a weight.", field="backends")
    if route.sunset_at and not route.deprecated_at:
        raise InvalidRoute("sunset_at: what ends has been deprecated first.", field="sunset_at")


def _check_cached(route: Route, backends: Sequence[Mapping[str, object]]) -> None:
    if route.authentication_id is not None:
        raise InvalidRoute("cache_s: a route that asks who is calling is not cached.", field="cache_s")
    if backends or route.rewrite or route.is_open_ended or route.is_websocket:
        raise InvalidRoute("cache_s: not with a split, a rewrite or a stream.", field="cache_s")
    if not route.methods or not set(route.methods) <= _SAFE_METHODS:
        raise InvalidRoute("cache_s: only for GET and HEAD; name them as methods.", field="cache_s")


def _check_list(name: str, values: object, shape: re.Pattern[str]) -> None:
    if not isinstance(values, list) or len(values) > _MOST:
        raise InvalidRoute(f"{name}: a list of at most {_MOST}.", field=name)
    for value in values:
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise InvalidRoute(f"{name}: {value!r} is none.", field=name)


def _check_headers(headers: object) -> None:
    if not isinstance(headers, list) or len(headers) > _MOST:
        raise InvalidRoute(f"headers: a list of at most {_MOST}.", field="headers")
    for each in headers:
        if not isinstance(each, dict) or not set(each) <= {"name", "kind", "value", "is_inverted"}:
            raise InvalidRoute("headers: each has name, kind, value and is_inverted.", field="headers")
        name, kind, value = each.get("name"), each.get("kind", "exact"), each.get("value", "")
        if not isinstance(name, str) or not TOKEN.fullmatch(name):
            raise InvalidRoute(f"headers: {name!r} is no header's name.", field="headers")
        if kind not in KINDS or not isinstance(each.get("is_inverted", False), bool):
            raise InvalidRoute(f"headers: the kind is one of {', '.join(KINDS)}.", field="headers")
        if not isinstance(value, str) or not _PRINTABLE.fullmatch(value) or len(value) > 300:
            raise InvalidRoute(f"headers: the value of {name} is printable ASCII.", field="headers")
        if kind in {"prefix", "contains", "regex"} and not value:
            raise InvalidRoute(f"headers: {name} needs a value.", field="headers")


def _check_cors(cors: object) -> None:
    if cors is None:
        return
    allowed = {"origins", "methods", "headers", "exposed", "max_age_s", "allows_credentials"}
    if not isinstance(cors, dict) or not set(cors) <= allowed or not cors.get("origins"):
        raise InvalidRoute(f"cors: {', '.join(sorted(allowed))}; origins are needed.", field="cors")
    for origin in _texts(cors["origins"]):
        parts = urlsplit(origin)
        if origin != "*" and (f"{parts.scheme}://{parts.netloc}" != origin or parts.scheme not in {"http", "https"}):
            raise InvalidRoute(f"cors: {origin!r} is no origin, as https://example.org is.", field="cors")
    for name in ("methods", "headers", "exposed"):
        if not all(TOKEN.fullmatch(each) for each in _texts(cors.get(name, []))):
            raise InvalidRoute(f"cors: {name} are names.", field="cors")
    age, credentials = cors.get("max_age_s", 600), cors.get("allows_credentials", False)
    if type(age) is not int or not 0 <= age <= 86_400 or not isinstance(credentials, bool):
        raise InvalidRoute("cors: max_age_s is 0 to 86,400; allows_credentials true or false.", field="cors")
    if credentials and "*" in cors["origins"]:
        raise InvalidRoute("cors: credentials for all origins would be given to any page.", field="cors")


def _texts(values: object) -> list[str]:
    if not isinstance(values, list) or len(values) > _MOST or not all(isinstance(each, str) for each in values):
        raise InvalidRoute(f"cors: lists of at most {_MOST} texts.", field="cors")
    return values


def check_jwks(text: str) -> str:
    """A key set with nothing but public keys fit for RS256 or EdDSA, in one spelling. Raises InvalidProvider."""
    try:
        keys = JWKSet.from_json(text)
        exported = [json.loads(key.export_public()) for key in keys["keys"]]
        has_private = any(key.has_private for key in keys["keys"])
    except (InvalidJWKType, InvalidJWKValue, ValueError, KeyError, TypeError):
        raise InvalidProvider("jwks: this is no JSON Web Key Set.", field="jwks") from None
    if has_private:
        raise InvalidProvider("jwks: there is a private key among them; it should now be replaced.", field="jwks")
    if not exported:
        raise InvalidProvider("jwks: there is no key.", field="jwks")
    for key, jwk in zip(exported, keys["keys"], strict=True):
        is_rsa = key.get("kty") == "RSA" and jwk.get_op_key("verify").key_size >= 2048
        is_ed25519 = key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
        if not (is_rsa or is_ed25519):
            raise InvalidProvider("jwks: only RSA keys of 2,048 bits or more, and Ed25519.", field="jwks")
    ordered = sorted(exported, key=lambda key: str(key.get("kid", "")))
    return json.dumps({"keys": ordered}, sort_keys=True, separators=(",", ":"))


def check_provider(provider: IdentityProvider) -> None:
    """Raises InvalidProvider. Puts a JWT provider's keys into one spelling."""
    if provider.kind == IdentityProvider.Kind.CUSTOM and provider.service_id is None:
        raise InvalidProvider("service: an external authorisation service is needed.", field="service")
    if not provider.path.startswith("/") or not _PRINTABLE.fullmatch(provider.path):
        raise InvalidProvider("path: it begins with a slash.", field="path")
    if provider.kind != IdentityProvider.Kind.JWT:
        return
    if not isinstance(provider.audiences, list) or not all(
        isinstance(each, str) and each for each in provider.audiences
    ):
        raise InvalidProvider("audiences: a list of texts.", field="audiences")
    if not provider.issuer or not provider.audiences:
        raise InvalidProvider("issuer and audiences: a token for somebody else must not do here.", field="audiences")
    if not provider.is_own_issuer:
        provider.jwks = check_jwks(provider.jwks)


def check_middleware(order: object, limits: Iterable[RateLimit]) -> None:
    """Raises InvalidMiddleware."""
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(MIDDLEWARE):
        raise InvalidMiddleware(f"The pipeline names each of these once: {', '.join(MIDDLEWARE)}.")
    if order.index("rate_limits") < order.index("authentication"):
        waiting = [limit.name for limit in limits if limit.scope in {"user", "key", "tenant"}]
        if waiting:
            raise InvalidMiddleware(
                f"Before authentication nobody is known, and these limits would never apply: {', '.join(waiting)}.",
                limits=list[object](waiting),
            )


def check_security_headers(headers: object) -> None:
    """Pairs of a header's name and its value. Raises InvalidMiddleware."""
    if not isinstance(headers, list) or len(headers) > _MOST:
        raise InvalidMiddleware(f"security_headers: a list of at most {_MOST} pairs.")
    for pair in headers:
        is_pair = isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
        if not is_pair or not TOKEN.fullmatch(pair[0]) or not _PRINTABLE.fullmatch(pair[1]) or len(pair[1]) > 2_000:
            raise InvalidMiddleware(f"security_headers: {pair!r} is no name and value.")


def check_limit(limit: RateLimit, order: Sequence[str]) -> None:
    """Raises InvalidLimit where the limit would never apply."""
    if limit.scope in {"user", "key", "tenant"} and order.index("rate_limits") < order.index("authentication"):
        raise InvalidLimit("Limits are counted before authentication now, where nobody is known.")

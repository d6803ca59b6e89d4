"""What is wanted of the front door, as plain values. No Django, no Envoy words. Times are milliseconds or whole seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# What a request passes between the door and the route, outermost first, as it is unless staff order it differently.
MIDDLEWARE = ("security_headers", "cors", "compression", "authentication", "rate_limits", "body_limit", "cache")
# Shortest first: whoever asks too often in a second has not yet spent the hour.
UNITS: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderMatch:
    """A header the request must have (or, with `is_inverted`, must not). kind: exact, prefix, contains, regex, present.

    A regex must match the whole value; a header sent twice counts as one, joined by commas.
    """

    name: str
    kind: str = "exact"
    value: str = ""
    is_inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A service (`mesh/service`), or those of its instances of one version, and its part of the requests."""

    service: str
    version: str = ""
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Which other origins' pages may read the answers in a browser."""

    origins: Sequence[str]
    methods: Sequence[str] = ("GET", "POST")
    headers: Sequence[str] = ()
    exposed: Sequence[str] = ()
    max_age_s: int = 600
    allows_credentials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """An old version of an interface: since when (seconds since 1970), until when, and what succeeds it.

    Sources: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 5829 (successor-version).
    """

    since_s: int
    sunset: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Requests that match go to `upstream` (`mesh/service`) or, if there are any, to `split`. Tried in the order given.

    match: "prefix", "exact" or "regex" of the path without the query. `hosts` and `methods`: none is any.
    `authentication` and `cache_s`: see `Gateway`; a route that authenticates is never cached.
    """

    name: str
    upstream: str
    version: str = ""
    split: Sequence[Backend] = ()
    hosts: Sequence[str] = ()
    path: str = "/"
    match: str = "prefix"
    methods: Sequence[str] = ()
    headers: Sequence[HeaderMatch] = ()
    rewrite: str = ""
    timeout_ms: int = 60_000
    is_open_ended: bool = False
    is_websocket: bool = False
    retries: int = 0
    retry_on: str = "connect-failure,refused-stream"
    authentication: str = ""
    cors: Cors | None = None
    is_compressed: bool = False
    has_security_headers: bool = False
    body_limit_bytes: int = 0
    cache_s: int = 0
    deprecation: Deprecation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `requests` per `unit` for each of what `scope` tells apart: ip, user, key, tenant or endpoint.

    `route` confines it to one route; else it counts the requests of all routes together (endpoint: each route by itself).
    """

    name: str
    scope: str
    unit: str
    requests: int
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who proves identities. kind: jwt (checked by Envoy), api_key, oauth2, basic (asked of the platform), custom.

    jwks: the public keys as JSON text. `service` and `path`: of a custom authorisation service.
    """

    name: str
    kind: str
    issuer: str = ""
    audiences: Sequence[str] = ()
    jwks: str = ""
    user_claim: str = "sub"
    organization_claim: str = ""
    revoked: Sequence[str] = ()
    service: str = ""
    path: str = "/"
    timeout_ms: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    """Which requests are logged: failures (5xx), slow ones, and a share of the others in parts per million.

    `token`: a request that carries it in the header `x-om-log` is logged in any case.
    """

    share_ppm: int = 1_000_000
    slow_ms: int = 1_000
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """The bounds of the store of answers, which is one folder for all routes of a host."""

    max_bytes: int = 256 * 1024 * 1024
    max_entries: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The front door: its routes in order, what they share, and the order of what a request passes.

    `security_headers`: name and value, set where the answer has none of that name.
    """

    routes: Sequence[Route]
    limits: Sequence[Limit] = ()
    providers: Sequence[Provider] = ()
    middleware: Sequence[str] = MIDDLEWARE
    security_headers: Sequence[tuple[str, str]] = ()
    logging: Logging = field(default_factory=Logging)
    cache: Cache = field(default_factory=Cache)
    max_clients: int = 100_000

    def provider(self, name: str) -> Provider | None:
        """The provider of that name; None if there is none."""
        return next((each for each in self.providers if each.name == name), None)

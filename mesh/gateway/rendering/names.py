"""Names that the parts of the rendering share with one another, and with those who read what Envoy says."""

Json = dict[str, object]

EXTENSION = "type.googleapis.com/envoy.extensions"
FILTER_CONFIG = "type.googleapis.com/envoy.config.route.v3.FilterConfig"

# Of the identity that the front door proved. Whatever a client sends under these names is dropped.
USER = "x-om-user"
ORGANIZATION = "x-om-organization"
KEY = "x-om-key"
SCOPE = "x-om-scope"
PROVED_BY = "x-om-proved-by"
IDENTITY = (USER, ORGANIZATION, KEY, SCOPE, PROVED_BY)
# Tells the platform that a request came through the front door; what asks for authorisation does not carry it.
FRONT_DOOR = "x-om-front-door"
# On requests to services that are not the platform's own: which one.
SERVICE = "x-om-service"
LOG_TOKEN = "x-log-token"  # noqa: S105 - the name of a header
CORRELATION = "x-correlation-id"

# Filters of the chain by their names, which routes refer to.
STRIP = "strip_identity"
SECURITY = "security_headers"
CORS = "envoy.filters.http.cors"
COMPRESSOR = "compression_gzip"
JWT = "authentication_jwt"
REVOCATIONS = "authentication_revocations"
ASKING = "authentication_asking"
RATE_HEADERS = "rate_limit_headers"
BUFFER = "body_limit"
CACHE = "cache"
CACHE_PUBLIC = "cache_public"
CACHE_TTL = "cache_ttl"

# The metadata that a route carries for the limits.
ROUTE_METADATA = "opinion_market"
# Where the platform answers for identities. No route leads there.
AUTHORISE_PATH = "/internal/gateway/authorise"


def limit_filter(unit: str) -> str:
    """The name of the filter, and of its discovered configuration, that counts per this unit."""
    return f"limits_{unit}"


def typed(kind: str, **fields: object) -> Json:
    """A message of an Envoy extension: `kind` is its type after `envoy.extensions.`."""
    return {"@type": f"{EXTENSION}.{kind}", **fields}


def seconds(ms: int) -> str:
    """A duration as protobuf's JSON writes it."""
    return f"{ms / 1000:.3f}s"


def literal(text: str) -> str:
    """Text that stands for itself where Envoy reads a percent sign as the beginning of a command."""
    return text.replace("%", "%%")


def header(name: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> Json:
    """A header to be set."""
    return {"header": {"key": name, "value": value}, "append_action": action}

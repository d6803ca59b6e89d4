"""What happens to bodies and answers: size limits, compression, the cache, other origins, security headers."""

from mesh.gateway.rendering.names import (
    BUFFER,
    CACHE,
    CACHE_PUBLIC,
    CACHE_TTL,
    COMPRESSOR,
    CORS,
    FILTER_CONFIG,
    SECURITY,
    Json,
    header,
    literal,
    typed,
)
from mesh.gateway.spec import Cors, Gateway, Route

_MUTATION = "filters.http.header_mutation.v3"
# No event streams: a compressor would hold events back until its window is full.
_COMPRESSED = (
    "application/json", "application/problem+json", "application/javascript", "application/xml", "image/svg+xml",
    "text/css", "text/csv", "text/html", "text/javascript", "text/plain", "text/xml",
)  # fmt: skip
# A cached route's requests carry neither cookie nor credentials, so an answer cannot vary by them.
_VARYING = ("accept", "accept-encoding", "accept-language", "cookie", "origin")


def per_route(gateway: Gateway, route: Route) -> dict[str, Json]:
    """The filters that this route turns on, by name."""
    wanted: dict[str, Json] = {}
    if route.has_security_headers:
        set_ = [header(name, literal(value), "ADD_IF_ABSENT") for name, value in gateway.security_headers]
        wanted[SECURITY] = _mutating({"response_mutations": [{"append": each} for each in set_]})
    if route.cors is not None:
        wanted[CORS] = _cors(route.cors)
    if route.is_compressed:
        wanted[COMPRESSOR] = _on()
    if route.body_limit_bytes:
        wanted[BUFFER] = typed(
            "filters.http.buffer.v3.BufferPerRoute", buffer={"max_request_bytes": route.body_limit_bytes}
        )
    if is_cached(route):
        wanted[CACHE] = _on()
        wanted[CACHE_PUBLIC] = _mutating({"request_mutations": [{"remove": "cookie"}, {"remove": "authorization"}]})
    return wanted


def is_cached(route: Route) -> bool:
    """Whether answers may be kept for whoever asks next: never on a route that asks who is asking."""
    return route.cache_s > 0 and not route.authentication


def security_headers_filter() -> Json:
    """Sets nothing by itself; a route that wants them says which."""
    return _mutation_filter(SECURITY)


def compressor() -> Json:
    """gzip for text of a kilobyte and more; strong ETags become weak ones, since the bytes are others."""
    library = {"name": "gzip", "typed_config": typed("compression.gzip.compressor.v3.Gzip")}
    common: Json = {"min_content_length": 1_024, "content_type_matcher": [{"exact": each} for each in _COMPRESSED]}
    config = typed(
        "filters.http.compressor.v3.Compressor",
        compressor_library=library,
        response_direction_config={"common_config": common, "weaken_etag_on_compress": True},
    )
    return {"name": COMPRESSOR, "typed_config": config, "disabled": True}


def body_limit() -> Json:
    """Reads the whole body before it goes on; a larger one is answered 413 without having been sent."""
    config = typed("filters.http.buffer.v3.Buffer", max_request_bytes=1)
    return {"name": BUFFER, "typed_config": config, "disabled": True}


def cache(gateway: Gateway) -> list[Json]:
    """The store, with what makes a request public before it and what says how long an answer is fresh behind it."""
    bounds = gateway.cache
    store = typed(
        "http.cache.file_system_http_cache.v3.FileSystemHttpCacheConfig",
        manager_config={"thread_pool": {"thread_count": 1}},
        cache_path="@cache/responses",
        create_cache_path=True,
        max_cache_size_bytes=bounds.max_bytes,
        max_cache_entry_count=bounds.max_entries,
        min_eviction_period="1s",
        max_eviction_period="10s",
    )
    config = typed(
        "filters.http.cache.v3.CacheConfig",
        typed_config=store,
        allowed_vary_headers=[{"exact": name, "ignore_case": True} for name in _VARYING],
        # Else any client could have each answer made anew.
        ignore_request_cache_control_header=True,
    )
    return [
        _mutation_filter(CACHE_PUBLIC),
        {"name": CACHE, "typed_config": config, "disabled": True},
    ]


def origins(gateway: Gateway) -> list[Json]:
    """A cluster per cached route, in front of the service's own: it says how long an answer is fresh.

    The cache asks a cluster directly, past the route and the filters behind it, so only a cluster can say it. An answer that
    says something of its own (`no-store`, `private`, another age) is believed.
    """
    return [_origin(route) for route in gateway.routes if is_cached(route)]


def _origin(route: Route) -> Json:
    kept = header("cache-control", f"public, max-age={route.cache_s}", "ADD_IF_ABSENT")
    # Age is reckoned from the date; without one an answer would be stale at once.
    dated = header("date", "%START_TIME(%a, %d %b %Y %H:%M:%S GMT)%", "ADD_IF_ABSENT")
    mutations: Json = {"response_mutations": [{"append": kept}, {"append": dated}, {"remove": "set-cookie"}]}
    filters = [
        {"name": CACHE_TTL, "typed_config": typed(f"{_MUTATION}.HeaderMutation", mutations=mutations)},
        {"name": "upstream_codec", "typed_config": typed("filters.http.upstream_codec.v3.UpstreamCodec")},
    ]
    options = typed(
        "upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config={"http_protocol_options": {}},
        http_filters=filters,
    )
    target = f"{route.upstream}@{route.version}" if route.version else route.upstream
    return {
        "name": origin_of(route),
        "connect_timeout": "1s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {
            "name": "envoy.clusters.aggregate",
            "typed_config": typed("clusters.aggregate.v3.ClusterConfig", clusters=[target]),
        },
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
    }


def origin_of(route: Route) -> str:
    """The name of a cached route's cluster."""
    return f"gateway/cache/{route.name}"


def _on() -> Json:
    """Turns a filter on as the chain has configured it."""
    return {"@type": FILTER_CONFIG, "config": {}}


def _mutation_filter(name: str) -> Json:
    return {"name": name, "typed_config": typed(f"{_MUTATION}.HeaderMutation"), "disabled": True}


def _mutating(mutations: Json) -> Json:
    return typed(f"{_MUTATION}.HeaderMutationPerRoute", mutations=mutations)


def _cors(cors: Cors) -> Json:
    return typed(
        "filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[
            {"safe_regex": {"regex": ".*"}} if origin == "*" else {"exact": origin} for origin in cors.origins
        ],
        allow_methods=", ".join(cors.methods),
        allow_headers=", ".join(cors.headers),
        expose_headers=", ".join(cors.exposed),
        max_age=str(cors.max_age_s),
        allow_credentials=cors.allows_credentials,
        # A preflight from elsewhere gets no permission; it is not sent on to a service that may not know the method.
        forward_not_matching_preflights=False,
    )

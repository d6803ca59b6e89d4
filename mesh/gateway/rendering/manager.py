"""What the front door's connection manager does with every request: timeouts, the access log, its own answers."""

from mesh.gateway.rendering.names import KEY, LOG_TOKEN, ORGANIZATION, SERVICE, USER, Json, typed
from mesh.gateway.spec import Gateway, Logging

_US = "%COMMON_DURATION({}:{}:us)%"


def manager_options(gateway: Gateway) -> Json:
    """Fields of the HttpConnectionManager. What differs from host to host (trusted proxies) is not among them."""
    return {
        # The client's address is the connection's, or what the trusted proxies in front say it is; what the client
        # itself claims in X-Forwarded-For stands before it.
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "request_headers_timeout": "15s",
        "request_timeout": "120s",
        "stream_idle_timeout": "120s",
        "common_http_protocol_options": {"idle_timeout": "300s", "headers_with_underscores_action": "DROP_HEADER"},
        "server_header_transformation": "PASS_THROUGH",
        "always_set_request_id_in_response": True,
        "access_log": [access_log(gateway.logging)],
        "local_reply_config": local_replies(),
    }


def access_log(logging: Logging) -> Json:
    """One JSON line per logged request, with what it was logged by. No addresses, no names, no queries."""
    line: Json = {
        "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
        "trace_id": "%REQ(X-REQUEST-ID)%",
        "route": "%ROUTE_NAME%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:ORIG_OR_PATH)%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "duration_us": _US.format("DS_RX_BEG", "DS_TX_END"),
        "upstream_us": _US.format("US_TX_BEG", "US_RX_BEG"),
        "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "service": "%UPSTREAM_CLUSTER_RAW%",
        "instance": "%UPSTREAM_HOST%",
        "bytes_received": "%BYTES_RECEIVED%",
        "bytes_sent": "%BYTES_SENT%",
        "user": f"%REQ({USER})%",
        "key": f"%REQ({KEY})%",
        "organization": f"%REQ({ORGANIZATION})%",
        "limited_by": "%RESP(X-RATELIMIT-UNIT)%",
        "share_ppm": str(logging.share_ppm),
        "slow_ms": str(logging.slow_ms),
    }
    return {
        "name": "envoy.access_loggers.file",
        "filter": {"or_filter": {"filters": _logged(logging)}},
        "typed_config": typed(
            "access_loggers.file.v3.FileAccessLog",
            path="@logs/front_door.json",
            log_format={"json_format": line, "omit_empty_values": True},
        ),
    }


def _logged(logging: Logging) -> list[Json]:
    share: Json = {
        "runtime_key": "gateway.log.share",
        "percent_sampled": {"numerator": logging.share_ppm, "denominator": "MILLION"},
        "use_independent_randomness": True,
    }
    return [
        {"status_code_filter": {"comparison": _at_least(500, "gateway.log.status")}},
        {"duration_filter": {"comparison": _at_least(logging.slow_ms, "gateway.log.slow")}},
        {"runtime_filter": share},
        {"header_filter": {"header": {"name": LOG_TOKEN, "string_match": {"exact": logging.token or "-"}}}},
    ]


def _at_least(value: int, key: str) -> Json:
    return {"op": "GE", "value": {"default_value": value, "runtime_key": key}}


def local_replies() -> Json:
    """Envoy's own answers in the API's format. The first that fits speaks; codes are stable."""
    is_service: Json = {"header_filter": {"header": {"name": SERVICE, "present_match": True}}}
    asked_in_vain: Json = {"response_flag_filter": {"flags": ["UAEX"]}}
    overflow: Json = {"response_flag_filter": {"flags": ["UO"]}}
    return {
        "mappers": [
            _answer(429, "rate_limited", "You have asked too often; wait as long as Retry-After says."),
            _answer(401, "unauthenticated", "This needs credentials, and those that were sent are not accepted."),
            _answer(403, "forbidden", "These credentials do not reach this."),
            _answer(404, "no_route", "Nothing is served at this address."),
            _answer(413, "body_too_large", "The body is larger than this address accepts."),
            _answer(503, "authorisation_unavailable", "Who you are cannot be checked now; nothing was done.",
                    asked_in_vain, retry_after=2),
            _answer(503, "upstream_overloaded", "The service has as much to do as it can bear; try again in a moment.",
                    overflow, retry_after=1),
            _answer(503, "upstream_unavailable", "The service behind this address does not answer; try again in a moment.",
                    is_service, retry_after=2),
            _answer(503, "starting", "The platform is starting or restarting; try again in a moment.", retry_after=2),
            _answer(502, "upstream_unavailable", "The service behind this address answered with nonsense."),
            _answer(504, "upstream_timeout", "The service behind this address took too long."),
        ]
    }  # fmt: skip


def _answer(status: int, code: str, title: str, also: Json | None = None, *, retry_after: int = 0) -> Json:
    comparison: Json = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"front_door.{status}"}}
    by_status: Json = {"status_code_filter": {"comparison": comparison}}
    body: Json = {
        "type": "about:blank",
        "title": title,
        "status": "%RESPONSE_CODE%",
        "detail": title,
        "code": code,
        "instance": "%PATH(NQ:ORIG_OR_PATH)%",
        "correlation_id": "%REQ(X-REQUEST-ID)%",
    }
    mapper: Json = {
        "filter": {"and_filter": {"filters": [by_status, also]}} if also else by_status,
        "body_format_override": {"content_type": "application/problem+json", "json_format": body},
    }
    if retry_after:
        mapper["headers_to_add"] = [
            {"header": {"key": "Retry-After", "value": str(retry_after)}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ]
    return mapper

"""What Envoy answers in a service's place, in the API's own form (RFC 9457), each cause with a code of its own."""

from mesh.dataplane.spec import Json

# Envoy's response flags, in the order they are looked for.
_CAUSES = (
    ("UO", "circuit_open", "The service has as many requests as it may be given; try again in a moment."),
    ("UH", "no_healthy_instance", "No instance of the service is healthy."),
    ("UF", "instance_unreachable", "The instance could not be reached."),
    ("UC", "instance_closed", "The instance closed the connection before it answered."),
    ("UT", "timed_out", "The service did not answer in time."),
    ("FI", "fault_injected", "An experiment aborted this request."),
    ("NR", "unknown_service", "The mesh has no service of this name."),
    ("NC", "unknown_service", "The mesh has no instances of this service or version."),
)


def mesh_replies() -> Json:
    """A mapper per cause."""
    return {"mappers": [_mapper(flag, code, title) for flag, code, title in _CAUSES]}


def _mapper(flag: str, code: str, title: str) -> Json:
    return {
        "filter": {"response_flag_filter": {"flags": [flag]}},
        "body_format_override": {
            "content_type": "application/problem+json",
            "json_format": {"type": "about:blank", "title": title, "status": "%RESPONSE_CODE%", "code": code},
        },
    }

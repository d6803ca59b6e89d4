"""What Envoy writes of each call through the mesh: one JSON object a line, no query strings, no bodies.

The names are those of `mesh.client.call_log`. Reference: Envoy's access log command operators.
"""

from mesh.dataplane.rendering.clusters import CALLER_HEADER
from mesh.dataplane.spec import Json

FIELDS: Json = {
    "at": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
    "trace": "%REQ(X-REQUEST-ID)%",
    "caller": f"%REQ({CALLER_HEADER.upper()})%",
    "host": "%REQ(:AUTHORITY)%",
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "instance": "%UPSTREAM_HOST%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
}


def access_log(file: str) -> Json:
    """A log of everything into this file of the node's."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": f"@logs/{file}",
            "log_format": {"json_format": FIELDS},
        },
    }

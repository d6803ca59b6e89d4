"""The front door: Envoy, started from what the mesh last published into this node's folder."""

import json
from pathlib import Path

from mesh.dataplane.bootstrap import ADMIN_SOCKET, bootstrap
from mesh.dataplane.spec import Host
from opinion_market.platform import binaries
from opinion_market.platform.services import Service

_BOOTSTRAP = "bootstrap.json"
_OPTIONS = (
    "--disable-hot-restart",
    *("--concurrency", "2"),
    *("--log-level", "warning"),
    *("--drain-time-s", "1"),
    # Lines of the access logs reach their readers within this time.
    *("--file-flush-interval-msec", "200"),
)


def service(host: Host) -> Service:
    """Envoy as a service, its bootstrap written. What it serves is in the folder already, or comes later."""
    # Envoy keeps no answers where the folder is missing, whatever it is told about creating it.
    Path(host.config, "cache", "responses").mkdir(mode=0o700, parents=True, exist_ok=True)
    path = Path(host.config, _BOOTSTRAP)
    path.write_text(json.dumps(bootstrap(host), indent=2))
    command = (str(binaries.envoy()), "-c", str(path), *_OPTIONS)
    return Service("envoy", command, Path(host.sockets, ADMIN_SOCKET))

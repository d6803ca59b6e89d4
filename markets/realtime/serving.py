"""uvicorn as the platform runs it: `python -m markets.realtime.serving APPLICATION --uds SOCKET` (or `--port`).

A module of its own because uvicorn's command line does not take a WebSocket implementation by name (`wire.Wire`).
"""

import argparse
from pathlib import Path
from typing import Any

import uvicorn

from markets.realtime.limits import HEARTBEAT_S
from markets.realtime.wire import Wire

# A client's longest message is 8 KiB, which the protocol refuses with a reason; what is longer still ends here.
_LONGEST_READ = 16_384


def configuration(application: Any, **where: Any) -> uvicorn.Config:
    """`application` as uvicorn takes it. where: `uds`, or `host` and `port`, or nothing if sockets are handed over; and which
    proxies to believe about a client's address (`proxy_headers`, `forwarded_allow_ips`; none, if left out)."""
    return uvicorn.Config(
        application,
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        ws=Wire,
        ws_max_size=_LONGEST_READ,
        ws_ping_interval=HEARTBEAT_S,
        ws_ping_timeout=HEARTBEAT_S,
        # Compressing each socket's frames anew costs many times what sending them does.
        ws_per_message_deflate=False,
        **{"proxy_headers": False, **where},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("application", help="module:attribute")
    parser.add_argument("--uds", type=Path, help="Serve on this unix socket.")
    parser.add_argument("--host", default="127.0.0.1", help="Without --uds: on this address.")
    parser.add_argument("--port", type=int, default=8000, help="Without --uds: on this port.")
    parser.add_argument(
        "--forwarded-by", help="Proxies whose X-Forwarded-For is believed: addresses with commas between."
    )
    options = parser.parse_args()
    where: dict[str, Any] = {"host": options.host, "port": options.port}
    if options.uds:
        where = {"uds": str(options.uds)}
    if options.forwarded_by:
        where |= {"proxy_headers": True, "forwarded_allow_ips": options.forwarded_by}
    uvicorn.Server(configuration(options.application, **where)).run()


if __name__ == "__main__":
    main()

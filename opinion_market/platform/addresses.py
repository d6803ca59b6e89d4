"""Where the front door listens, and under which names it is reached."""

import socket
from contextlib import closing
from urllib.parse import urlsplit

from opinion_market.platform.errors import PlatformError

LOOPBACK = "127.0.0.1"
LOOPBACK_6 = "::1"
ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def free_addresses(bind: str, port: int) -> tuple[str, ...]:
    """The addresses to listen on. The IPv4 loopback brings the IPv6 one where there is one: `localhost` may be either.

    Raises PlatformError when the port is taken.
    """
    if not _free(bind, port):
        raise PlatformError(
            f"Port {port} on {bind} is taken or not permitted; choose another: PORT={port + 100} make run."
        )
    if bind == LOOPBACK and _free(LOOPBACK_6, port):
        return (LOOPBACK, LOOPBACK_6)
    return (bind,)


def allowed_hosts(bind: str, public_url: str) -> list[str]:
    """The names a development installation answers to: this machine's own, and the address it was told to listen on."""
    hosts = ["localhost", LOOPBACK, f"[{LOOPBACK_6}]"]
    public = urlsplit(public_url).hostname
    if public and public not in hosts:
        hosts.append(public)
    if bind != LOOPBACK:
        hosts.append(socket.gethostname())
        hosts.append(f"[{bind}]" if ":" in bind else bind)
    return hosts


def _free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            # As Envoy does: connections of an earlier run that linger are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True

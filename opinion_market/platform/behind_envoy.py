"""The entry points as served behind Envoy on unix sockets, where no connection tells the client's address.

Envoy appends the address it sees to X-Forwarded-For and sets X-Forwarded-Proto; nobody else can reach these sockets.
What a client itself sent in X-Forwarded-For stands before and is not believed.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from opinion_market.asgi import application as asgi_application
from opinion_market.settings.env import read_environment
from opinion_market.wsgi import application as wsgi_application

TRUSTED_PROXIES = read_environment().trusted_proxies


def client_address(forwarded_for: str, trusted_proxies: int) -> str:
    """The client's address: Envoy's own entry is the last; each trusted proxy before Envoy moves one to the left."""
    addresses = [item.strip() for item in forwarded_for.split(",")]
    return addresses[max(-1 - trusted_proxies, -len(addresses))]


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """For granian."""
    environ["REMOTE_ADDR"] = client_address(environ.get("HTTP_X_FORWARDED_FOR", ""), TRUSTED_PROXIES)
    environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO", "http")
    return wsgi_application(environ, start_response)


async def asgi(
    scope: MutableMapping[str, Any], receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[Any]]
) -> None:
    """For uvicorn."""
    if scope["type"] in {"http", "websocket"}:
        headers = dict(scope["headers"])
        scope["client"] = (client_address(headers.get(b"x-forwarded-for", b"").decode("latin-1"), TRUSTED_PROXIES), 0)
        secure = headers.get(b"x-forwarded-proto") == b"https"
        plain, encrypted = ("http", "https") if scope["type"] == "http" else ("ws", "wss")
        scope["scheme"] = encrypted if secure else plain
    await asgi_application(scope, receive, send)

"""Webhooks: an event sent to an address of the configurer's choice, signed, and never to a machine of our own network.

The body is signed with HMAC-SHA256 over `<timestamp>.<body>`. The secret is derived from the platform's SECRET_KEY and the
handler's id, so that it stands in no table.
"""

import hashlib
import hmac
import http.client
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import orjson
from django.conf import settings
from pydantic import Field

from opinion_market.eventstore.commands import CommandInput
from opinion_market.eventstore.errors import UnsafeAddress
from opinion_market.eventstore.handler_actions import Action, Occasion
from opinion_market.eventstore.read import RecordedEvent

TIMEOUT_S = 5.0
# For the whole exchange: a receiver that sends a byte now and then must not hold a worker.
DEADLINE_S = 15.0
_ANSWER_READ = 200
_PORTS = {"http": 80, "https": 443}
# Addresses that lead to IPv4 ones, private ones among them, through a translator.
_TRANSLATED = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
)


class WebhookSettings(CommandInput):
    url: Annotated[str, Field(max_length=500, description="http or https, on the public internet.")]


class WebhookRefused(OSError):
    """The receiver answered with something else than 2xx."""


def signing_secret(handler_id: UUID) -> str:
    """What the receiver checks signatures with."""
    return hmac.new(settings.SECRET_KEY.encode(), f"webhook:{handler_id}".encode(), hashlib.sha256).hexdigest()


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """As in the header X-Opinion-Market-Signature."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def safe_address(url: str) -> tuple[SplitResult, str]:
    """The parts of the address, and the one IP address to connect to. Raises UnsafeAddress; OSError if it has none.

    Whoever connects must connect to this very address: asked again, the name might lead elsewhere.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise UnsafeAddress("This is no web address.") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or not port:
        raise UnsafeAddress("A webhook's address begins with http:// or https:// and names a host, and no user.")
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not settings.WEBHOOK_PRIVATE_ADDRESSES and not all(map(_is_public, addresses)):
        raise UnsafeAddress("The address leads to a network that is not public.")
    return parts, str(addresses[0])


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


def document(event: RecordedEvent, delivery_id: int, handler_id: UUID) -> bytes:
    """What is sent."""
    return orjson.dumps(
        {
            "delivery": delivery_id,
            "handler": str(handler_id),
            "event": {
                "position": event.position,
                "stream": event.stream,
                "version": event.version,
                "type": event.type,
                "schema_version": event.schema_version,
                "data": event.data,
                "metadata": event.metadata,
                "recorded_at": event.recorded_at,
            },
        },
        option=orjson.OPT_UTC_Z,
    )


def _send(occasion: Occasion) -> str:
    """Raises UnsafeAddress, OSError, WebhookRefused. Redirections are not followed."""
    body = document(occasion.event, occasion.delivery.pk, occasion.handler.pk)
    parts, address = safe_address(occasion.settings.url)
    headers = _headers(occasion, body, occasion.now)
    port = parts.port or _PORTS[parts.scheme]
    plain = socket.create_connection((address, port), TIMEOUT_S)
    connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=TIMEOUT_S)
    connection.sock = plain
    deadline = Timer(DEADLINE_S, _hang_up, [connection])
    deadline.start()
    try:
        if parts.scheme == "https":
            _encrypt(connection, parts.hostname or "")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "Host": parts.netloc})
        answer = connection.getresponse()
        told = answer.read(_ANSWER_READ).decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise WebhookRefused(f"{type(error).__name__}: {error}") from error
    finally:
        deadline.cancel()
        connection.close()
        plain.close()
    if not 200 <= answer.status < 300:
        raise WebhookRefused(f"HTTP {answer.status}: {told}")
    return f"HTTP {answer.status}"


def _headers(occasion: Occasion, body: bytes, now: datetime) -> dict[str, str]:
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "opinion-market-webhook",
        "X-Opinion-Market-Event": occasion.event.type,
        "X-Opinion-Market-Delivery": str(occasion.delivery.pk),
        "X-Opinion-Market-Timestamp": str(timestamp),
        "X-Opinion-Market-Signature": signature(signing_secret(occasion.handler.pk), timestamp, body),
    }


def _encrypt(connection: http.client.HTTPConnection, hostname: str) -> None:
    """TLS over a connection to a known IP address; the certificate is checked against the name."""
    context = ssl.create_default_context()
    encrypted = context.wrap_socket(connection.sock, server_hostname=hostname, do_handshake_on_connect=False)
    connection.sock = encrypted
    encrypted.do_handshake()


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End a connection that another thread reads from; it then sees the end of the answer, or an OSError."""
    with suppress(OSError, AttributeError):  # it may be over by itself
        # The plain one's: an encrypted one's own takes the encryption off first, under the hands of the reader.
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _check(given: WebhookSettings, actor_id: UUID) -> None:
    """Raises UnsafeAddress. A name that leads nowhere today may do so tomorrow; it is looked at again each time."""
    try:
        safe_address(given.url)
    except OSError as error:
        raise UnsafeAddress(f"The host cannot be found: {error}") from error


WEBHOOK = Action(
    "webhook", "Send the event, signed, to a web address.", WebhookSettings, _send, _check, is_transactional=False
)

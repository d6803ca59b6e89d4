"""uvicorn's WebSocket, whose transport also takes frames that are already encoded.

A frame that goes to many sockets would pay, for each of them, for a task's wake-up, an ASGI message and its own encoding;
those cost several times what the system call does. So the socket puts itself into the scope, and the hub writes what is the
same for many straight to the transports (`fan_out`). It may only while nothing else waits to be sent over the socket; the
rest goes by ASGI's `send`, on other servers everything does.
"""

from typing import Any, Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

EXTENSION: Final = "opinion_market.wire"

_OPEN: Final = State.OPEN
_TEXT: Final = 0x81  # the last (and only) fragment of a text message, RFC 6455 section 5.2
_SHORT, _MEDIUM = 126, 1 << 16


class Wire(WebSocketsSansIOProtocol):
    """What uvicorn makes for a connection that asks for a WebSocket."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the application, which super() has made a task for, has not started yet
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    @property
    def is_clear(self) -> bool:
        """Whether the socket is open and its transport holds less than it may."""
        return self.writable.is_set() and self.conn.state is _OPEN and not self.transport.is_closing()

    def write(self, frame: bytes) -> bool:
        """Send an encoded frame, now if the kernel takes it. Only while `is_clear`. False: the socket has just broken."""
        try:
            self.transport.write(frame)
        except (OSError, RuntimeError):  # the event loop knows, and has not yet told
            return False
        return True


def wire_of(scope: Any) -> Wire | None:
    """The socket of an ASGI scope; None if another server made it."""
    found = scope.get("extensions", {}).get(EXTENSION)
    return found if isinstance(found, Wire) else None


def text_header(length: int) -> bytes:
    """What goes before a text message of so many bytes, from a server (unmasked)."""
    if length < _SHORT:
        return bytes((_TEXT, length))
    if length < _MEDIUM:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big")

"""A uvicorn of a test's own on a free port, and clients that talk to it."""

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
import uvicorn
import yaml
from django.conf import settings
from jsonschema import Draft202012Validator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from governance.identity import services as identity
from governance.identity.models import User
from markets.realtime.hub import Hub, use_hub
from markets.realtime.limits import Limits
from markets.realtime.serving import configuration
from markets.realtime.wire import Wire
from opinion_market.asgi import application
from tests.governance.people import NOW

PATIENCE_S = 10.0
ASYNCAPI = yaml.safe_load((Path(settings.BASE_DIR) / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))
MESSAGES = ASYNCAPI["components"]["messages"]


def documented(frame: dict[str, Any]) -> dict[str, Any]:
    """The frame, which is as the AsyncAPI document has it."""
    schema = {**MESSAGES[frame["type"]]["payload"], "components": ASYNCAPI["components"]}
    Draft202012Validator(schema).validate(frame)
    return frame


class Talking:
    """Whatever serves sockets on a port."""

    port: int

    @contextmanager
    def talk(self, path: str = "/ws/analytics", **headers: str):
        """A socket with these headers, greeted."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with connect(
            f"ws://127.0.0.1:{self.port}{path}", additional_headers=names, compression=None, max_size=2**24, max_queue=1
        ) as connection:
            yield Talk(connection)

    @contextmanager
    def talk_as(self, user: User, path: str = "/ws/analytics"):
        with self.talk(path, X_API_Key=a_key(user)) as talk:
            talk.greeting = talk.next("connection_established")
            assert talk.greeting["user"] == str(user.pk)
            yield talk


@dataclass
class Served(Talking):
    """The server, and its hub, which lives in the server's thread."""

    limits: Limits
    send_buffer: int | None = None
    make_hub: Callable[[Limits], Hub] = Hub
    websocket: type[asyncio.Protocol] | str = Wire
    port: int = 0
    hub: Hub | None = None
    _ready: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        if self.send_buffer is not None:  # its connections inherit it
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer)
        self.port = self._socket.getsockname()[1]
        config = configuration(application)
        config.timeout_graceful_shutdown = 1
        config.ws = self.websocket
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._run, args=(config.get_loop_factory(),), name="served")

    def _run(self, new_loop: Callable[[], asyncio.AbstractEventLoop] | None) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self.hub = self.make_hub(self.limits)
        use_hub(self.hub)
        self._ready.set()
        await self._server.serve([self._socket])
        await self.hub.close()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        self._socket.close()
        assert not self._thread.is_alive()


def a_key(user: User, scope: str = "read") -> str:
    return identity.create_api_key(actor=user, name="socket", scope=scope, now=NOW)[1]


@dataclass
class Talk:
    """One socket. Frames are kept until they are asked for."""

    connection: ClientConnection
    greeting: dict[str, Any] = field(default_factory=dict)

    def say(self, type: str, **fields: Any) -> None:
        self.connection.send(json.dumps({"type": type, **fields}))

    def hear(self, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        return documented(json.loads(self.connection.recv(timeout=patience_s)))

    def next(self, type: str, patience_s: float = PATIENCE_S, **data: Any) -> dict[str, Any]:
        """The next frame of this type (and this `data`), those before it left out."""
        until = monotonic() + patience_s
        while True:
            frame = self.hear(max(0.0, until - monotonic()))
            if frame["type"] == type and all(frame["data"].get(name) == value for name, value in data.items()):
                return frame

    def subscribe(self, channel: str, **filters: Any) -> dict[str, Any]:
        """The snapshot."""
        self.say("subscribe", channel=channel, filters=filters)
        return self.next("initial_data")["data"]

    def refused(self, type: str, **fields: Any) -> str:
        self.say(type, **fields)
        return self.next("error")["code"]

    def closed(self, patience_s: float = PATIENCE_S) -> tuple[int, str]:
        """(code, reason) with which the server closes the socket."""
        until = monotonic() + patience_s
        with pytest.raises(ConnectionClosed) as closed:
            self._drain(until)
        frame = closed.value.rcvd
        assert frame is not None
        return frame.code, frame.reason

    def drop(self) -> None:
        """Break off, as a cable that is pulled would: nothing is said to the server but that the connection ended."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)

    def _drain(self, until: float) -> None:
        while True:
            self.connection.recv(timeout=max(0.0, until - monotonic()))

    def is_silent(self, for_s: float = 0.6) -> bool:
        try:
            self.connection.recv(timeout=for_s)
        except TimeoutError:
            return True
        return False

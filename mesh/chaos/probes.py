"""Requests that an experiment sends by itself, at a steady rate, through the same Envoy as everybody's.

The schedule is open: a request is sent when it is due, whether or not earlier ones have been answered, and its latency counts
from the moment it was due, so that a service that is slow does not hide it by being asked less.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from mesh.chaos.measuring import SECOND_US, Observation
from opinion_market.kernel import clock

# It would write a line for each request; what the requests came to is kept in the run.
logging.getLogger("httpx").setLevel(logging.WARNING)

# Requests under way at once; beyond it one that is due counts as unanswered rather than piling up.
MOST_UNDER_WAY = 400
# PostgreSQL's question whether it speaks TLS, which it answers with one byte before any sign-in; Redis answers PING with
# +PONG, or with a refusal that is an answer all the same.
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
PING = b"*1\r\n$4\r\nPING\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpProbe:
    """GET requests: to `base_url`, over a unix socket if one is given."""

    base_url: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    socket: str = ""
    timeout_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpProbe:
    """A new connection over a unix socket each time, one question and the first byte of the answer."""

    socket: str
    question: bytes
    timeout_s: float = 2.0


Ask = Callable[[], Awaitable[int]]


class Prober:
    """A thread that sends `rate` requests per second until closed. `take()` gives what has been answered since the last time."""

    def __init__(self, probe: HttpProbe | TcpProbe, *, rate: int) -> None:
        self.probe, self.rate = probe, rate
        self.answered: deque[Observation] = deque()
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._run, name="chaos-prober", daemon=True)
        self.thread.start()

    def take(self) -> list[Observation]:
        """Observations in the order of their answers."""
        found = []
        while self.answered:
            found.append(self.answered.popleft())
        return found

    def close(self) -> None:
        """Send nothing more, and wait for the thread (a request under way is given up)."""
        self.closing.set()
        self.thread.join(timeout=2)

    def _run(self) -> None:
        asyncio.run(self._probe())

    async def _probe(self) -> None:
        if isinstance(self.probe, TcpProbe):
            await self._send_all(self._connect)
            return
        transport = httpx.AsyncHTTPTransport(
            uds=self.probe.socket or None,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50),
        )
        async with httpx.AsyncClient(
            transport=transport,
            base_url=self.probe.base_url,
            headers={"user-agent": "opinion-market-chaos", **self.probe.headers},
            timeout=self.probe.timeout_s,
        ) as client:
            await self._send_all(lambda: self._get(client))

    async def _send_all(self, ask: Ask) -> None:
        loop = asyncio.get_running_loop()
        under_way: set[asyncio.Task[None]] = set()
        begun_s, sent = loop.time(), 0
        begun_us = clock.microseconds(clock.now())
        while not self.closing.is_set():
            due_s = begun_s + sent / self.rate
            pause_s = due_s - loop.time()
            if pause_s > 0:
                await asyncio.sleep(min(pause_s, 0.1))
                continue
            due_us = begun_us + sent * SECOND_US // self.rate
            sent += 1
            if len(under_way) >= MOST_UNDER_WAY:
                self.answered.append(Observation(due_us, 0, 0))
                continue
            task = asyncio.create_task(self._one(ask, due_us))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _one(self, ask: Ask, due_us: int) -> None:
        status = await ask()
        self.answered.append(Observation(due_us, max(0, clock.microseconds(clock.now()) - due_us), status))

    async def _get(self, client: httpx.AsyncClient) -> int:
        try:
            return (await client.get(self.probe.path if isinstance(self.probe, HttpProbe) else "/")).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0

    async def _connect(self) -> int:
        if not isinstance(self.probe, TcpProbe):
            return 0
        try:
            async with asyncio.timeout(self.probe.timeout_s):
                reader, writer = await asyncio.open_unix_connection(self.probe.socket)
                try:
                    writer.write(self.probe.question)
                    await writer.drain()
                    return 200 if await reader.read(1) else 0
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorways:
    """Where a node's Envoy is reached by probes: its folder of sockets, and the address of its front door."""

    sockets: Path
    front_door: str = "http://127.0.0.1:8000"

    def of(self, path: str) -> str:
        """A socket as rendering names it (`@sockets/name`), on this node."""
        return path.replace("@sockets", str(self.sockets), 1)

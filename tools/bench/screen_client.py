"""Traders that place orders at a fixed rate, and watchers who see the trades.

python -m tools.bench.screen_client < job.json

Orders are due at even intervals, whether or not earlier ones were answered. Prints one JSON object. One process and one clock,
so that what it computes delays the frames it waits for, too.
"""

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import uvloop
from websockets.asyncio.client import connect

from tools.bench.http_client import content_length

PATIENCE_S = 30.0
WARM_UP_S = 3.0
# For the frames of the last orders.
LAST_FRAMES_S = 2.0
_CREATED = b"HTTP/1.1 201"


class Trader(asyncio.Protocol):
    """A connection over which one order at a time is placed."""

    def __init__(self, desk: "Desk", head: str) -> None:
        self._desk, self._head = desk, head
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which do not inherit from it
        self._desk.is_free(self)

    def place(self, body: str, due: float) -> None:
        assert self._transport is not None
        self._due = due
        self._transport.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = bytes(self._received).partition(b"\r\n\r\n")
        if not separator or len(body) < content_length(head):
            return
        answered = time.perf_counter()
        self._received.clear()
        self._desk.note(head.startswith(_CREATED), body, self._due, answered)
        self._desk.is_free(self)


class Desk:
    """Places the orders. `answered`: by the sequence of an order's last trade, when the order was due and when it was answered."""

    def __init__(self, orders: list[dict[str, Any]], per_s: int) -> None:
        self._bodies = [json.dumps(order) for order in orders]
        self._per_s = per_s
        self._placed = 0
        self._free: deque[Trader] = deque()
        self._someone = asyncio.Event()
        self._is_measuring = False
        self.answered: dict[int, tuple[float, float]] = {}
        self.latencies: list[float] = []
        self.refusals: list[str] = []

    def is_free(self, trader: Trader) -> None:
        self._free.append(trader)
        self._someone.set()

    def note(self, accepted: bool, body: bytes, due: float, answered: float) -> None:
        if not accepted:
            self.refusals.append(body.decode())
        elif self._is_measuring:
            self.latencies.append(answered - due)
            if fills := json.loads(body)["fills"]:
                self.answered[fills[-1]["sequence"]] = (due, answered)

    async def trade(self, seconds: float, *, measured: bool) -> None:
        """Place orders for so long, and wait for their answers."""
        self._is_measuring = measured
        traders = len(self._free)
        started = time.perf_counter()
        for number in range(round(self._per_s * seconds)):
            due = started + number / self._per_s
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            (await self._next_free()).place(self._bodies[self._placed % len(self._bodies)], due)
            self._placed += 1
        while len(self._free) < traders:
            await asyncio.sleep(0.01)

    async def _next_free(self) -> Trader:
        while not self._free:
            self._someone.clear()
            await self._someone.wait()
        return self._free.popleft()


@dataclass(slots=True)
class Watcher:
    """A socket on a market and perhaps on its owner's orders. `trades`, `fills`: when the frame with each sequence came."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    trades: dict[int, float] = field(default_factory=dict)
    fills: dict[int, float] = field(default_factory=dict)
    frames: int = 0

    async def watch(self, url: str, key: str, channels: list[str]) -> None:
        headers = {"X-API-Key": key}
        snapshots = 0
        async with connect(url, additional_headers=headers, compression=None, max_size=None, max_queue=None) as socket:
            for channel in channels:
                await socket.send(json.dumps({"type": "subscribe", "channel": channel}))
            async for message in socket:
                at, text = time.perf_counter(), cast("str", message)
                self.frames += 1
                if text.startswith('{"type":"initial_data"'):
                    snapshots += 1
                    if snapshots == len(channels):
                        self.ready.set()
                for kind, seen in (("trades", self.trades), ("fills", self.fills)):
                    if f'"data":{{"kind":"{kind}"' in text[:200]:
                        seen.update({row["sequence"]: at for row in json.loads(text)["data"][kind]})


async def run(job: dict[str, Any]) -> dict[str, Any]:
    """Raises RuntimeError if an order was refused or a trade did not reach a watcher."""
    loop = asyncio.get_running_loop()
    host, port, keys = job["host"], job["port"], job["keys"]
    watchers = [Watcher() for _ in range(job["watchers"])]
    channels = [f"market:{job['market']}", *(["orders"] if job["own"] else [])]
    url = f"ws://{host}:{port}/ws/analytics"
    watching = [
        loop.create_task(each.watch(url, keys[number % len(keys)], channels)) for number, each in enumerate(watchers)
    ]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(each.ready.wait() for each in watchers))
    desk = Desk(job["orders"], job["orders_per_s"])
    for key in keys:
        head = f"POST /api/v1/markets/{job['market']}/orders HTTP/1.1\r\nHost: {host}:{port}\r\n"
        head += f"X-API-Key: {key}\r\nContent-Type: application/json\r\n"
        await loop.create_connection(lambda head=head: Trader(desk, head), host, port)  # type: ignore[misc]
    await desk.trade(WARM_UP_S, measured=False)
    frames, started = sum(each.frames for each in watchers), time.perf_counter()
    await desk.trade(job["seconds"], measured=True)
    elapsed = time.perf_counter() - started
    frames = sum(each.frames for each in watchers) - frames
    await asyncio.sleep(LAST_FRAMES_S)
    if broken := [each for each in watching if each.done()]:
        raise RuntimeError(f"A watcher's socket was closed: {broken[0].exception()}")
    for each in watching:
        each.cancel()
    rates = {"answered_per_s": round(len(desk.latencies) / elapsed, 1), "frames_per_s": round(frames / elapsed)}
    return {**rates, **_figures(desk, watchers)}


def _figures(desk: Desk, watchers: list[Watcher]) -> dict[str, Any]:
    if desk.refusals:
        raise RuntimeError(f"{len(desk.refusals)} orders were refused, the first with {desk.refusals[0]}")
    if missing := sum(len(desk.answered.keys() - each.trades.keys()) for each in watchers):
        raise RuntimeError(f"{missing} trades did not reach a watcher.")
    pairs = [(each.trades[number], times) for number, times in desk.answered.items() for each in watchers]
    own = [
        (at, desk.answered[number]) for each in watchers for number, at in each.fills.items() if number in desk.answered
    ]
    return {
        "trading_orders": len(desk.answered),
        "answer_ms": _quantiles(desk.latencies),
        "answer_to_trade_ms": _quantiles([at - answered for at, (_, answered) in pairs]),
        "due_to_trade_ms": _quantiles([at - due for at, (due, _) in pairs]),
        "answer_to_own_fill_ms": _quantiles([at - answered for at, (_, answered) in own]) if own else None,
        "trade_frames": len(pairs),
        "own_fills": len(own),
    }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    """In ms."""
    ordered = sorted(seconds)
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
    found = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in shares.items()}
    return {name: round(1e3 * value, 2) for name, value in {**found, "most": ordered[-1]}.items()}


if __name__ == "__main__":
    uvloop.install()
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))

"""Clients that come and go for ever: watchers, owners of orders, event streams, some rude, some asleep, some flooding."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Visit = Callable[[], Awaitable[None]]
# A client does not wait longer for anything.
_PATIENCE_S = 20.0


class Crowd:
    """`size` clients at a time against a port; each stays `stays_s` on average, and another comes at once. `counts`: of what
    happened."""

    def __init__(self, port: int, keys: list[str], markets: list[str], *, size: int, stays_s: float, seed: int) -> None:
        self._address = f"127.0.0.1:{port}"
        self._keys, self._markets, self._size, self._stays_s = keys, markets, size, stays_s
        self._chance = Random(seed)
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._size):
                group.create_task(self._keep_coming())

    async def _keep_coming(self) -> None:
        visits: list[Visit] = [
            self._watch,
            self._watch,
            self._own,
            self._survey,
            self._stream,
            self._sleep,
            self._flood,
        ]
        weights = [4, 4, 4, 2, 2, 1, 1]
        await asyncio.sleep(self._chance.random() * self._stays_s)
        while True:
            (visit,) = self._chance.choices(visits, weights)
            self.counts["visits"] += 1
            try:
                await visit()
            except ConnectionClosed as closed:
                self.counts[f"closed with {closed.rcvd.code if closed.rcvd else None}"] += 1
            except (OSError, httpx.HTTPError, TimeoutError) as error:
                self.counts[f"ended by {type(error).__name__}"] += 1
                await asyncio.sleep(0.1)

    def _stay_s(self) -> float:
        return self._chance.expovariate(1 / self._stays_s)

    async def _watch(self) -> None:
        """A market or several, with or without deltas; now and then the snapshot again."""
        channels = [f"market:{market}" for market in self._chance.sample(self._markets, self._chance.randint(1, 3))]
        filters = self._chance.choice([{}, {"book": "deltas"}, {"resume_from": 0}])
        async with self._socket() as socket:
            for channel in channels:
                await socket.send(json.dumps({"type": "subscribe", "channel": channel, "filters": filters}))
            await self._listen(socket, self._stay_s() / 2)
            await socket.send(json.dumps({"type": "subscribe", "channel": channels[0]}))
            await self._listen(socket, self._stay_s() / 2)
            await self._leave(socket)

    async def _own(self) -> None:
        """One's orders and portfolio, with a wish to have the orders cancelled; back again with the cursor."""
        key = self._chance.choice(self._keys)
        cursor: str | None = None
        for _ in range(2):
            async with self._socket(key) as socket:
                filters = {"resume_from": cursor} if cursor else {}
                await socket.send(json.dumps({"type": "cancel_on_disconnect", "enabled": True, "grace_s": 1}))
                await socket.send(json.dumps({"type": "subscribe", "channel": "orders", "filters": filters}))
                await socket.send(json.dumps({"type": "subscribe", "channel": "portfolio"}))
                cursor = await self._listen(socket, self._stay_s() / 2)
                await self._leave(socket)

    async def _survey(self) -> None:
        """All markets, and figures."""
        async with self._socket(self._chance.choice(self._keys)) as socket:
            await socket.send(json.dumps({"type": "subscribe", "channel": "markets"}))
            await socket.send(json.dumps({"type": "get_metrics", "metrics_type": "system"}))
            await self._listen(socket, self._stay_s())
            await self._leave(socket)

    async def _sleep(self) -> None:
        """One that subscribes to a lot and reads nothing."""
        async with self._socket() as socket:
            for market in self._markets:
                await socket.send(json.dumps({"type": "subscribe", "channel": f"market:{market}"}))
            await asyncio.sleep(self._stay_s())
            socket.transport.abort()

    async def _flood(self) -> None:
        async with self._socket() as socket:
            for _ in range(100):
                await socket.send('{"type":"ping"}')
            await self._listen(socket, _PATIENCE_S)

    async def _stream(self) -> None:
        """Server-Sent Events."""
        url = f"http://{self._address}/api/v1/stream"
        headers = {"X-API-Key": self._chance.choice(self._keys)}
        channels = {"channels": f"orders,markets,market:{self._chance.choice(self._markets)}"}
        async with (
            httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False) as client,
            client.stream("GET", url, params=channels, headers=headers) as response,
        ):
            try:
                async with asyncio.timeout(self._stay_s()):
                    async for _line in response.aiter_lines():
                        self.counts["lines"] += 1
            except TimeoutError:
                return

    def _socket(self, key: str | None = None) -> connect:
        headers = {"X-API-Key": key or self._chance.choice(self._keys)}
        return connect(
            f"ws://{self._address}/ws/analytics", additional_headers=headers, compression=None, max_size=2**24,
            close_timeout=2, open_timeout=_PATIENCE_S, ping_interval=None, proxy=None,
        )  # fmt: skip

    async def _listen(self, socket: ClientConnection, for_s: float) -> str | None:
        """Read for a while; the last cursor."""
        cursor: str | None = None
        try:
            async with asyncio.timeout(for_s):
                async for text in socket:
                    frame: dict[str, Any] = json.loads(text)
                    self.counts["frames"] += 1
                    if frame["type"] == "error":
                        self.counts[f"error {frame['code']}"] += 1
                    cursor = frame.get("data", {}).get("cursor", cursor)
        except TimeoutError:
            return cursor
        self.counts[f"closed with {socket.close_code}"] += 1
        return cursor

    async def _leave(self, socket: ClientConnection) -> None:
        """Politely, or not."""
        if self._chance.random() < 0.5:
            socket.transport.abort()

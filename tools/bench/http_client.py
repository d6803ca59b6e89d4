"""Clients that each send a request, wait for its answer, and send the next, over connections they keep.

python -m tools.bench.http_client < job.json

A process of its own: what it computes must not be mistaken for the server's time. Prints one JSON object.
"""

import asyncio
import json
import sys
import time
from typing import Any, cast

import uvloop

Job = dict[str, Any]

# For the last answers, and for connections that fail.
PATIENCE_S = 30.0


class Client(asyncio.Protocol):
    """One connection. Answers must carry Content-Length, as granian's do."""

    def __init__(self, requests: list[bytes], until: float) -> None:
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._next = 0
        self._until = until
        self._received = bytearray()
        self._expected = 0
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which do not inherit from it
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("The server closed the connection."))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            head, separator, _ = self._received.partition(b"\r\n\r\n")
            if not separator:
                return
            self._expected = len(head) + len(separator) + content_length(bytes(head))
        if len(self._received) < self._expected:
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        status = int(self._received[9:12])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self._received.clear()
        self._expected = 0
        if now < self._until:
            self._send()
        elif self._transport is not None:
            self.done.set_result(None)
            self._transport.close()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._sent_at = time.perf_counter()
        self._transport.write(request)


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"An answer without Content-Length: {head!r}")


def _request(job: Job, key: str, body: str) -> bytes:
    head = (
        f"{job['method']} {job['path']} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        f"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def run(job: Job) -> dict[str, Any]:
    """Requests per second and latency quantiles of `clients` clients, each with its own API key and orders."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    until = started + job["seconds"]
    clients: list[Client] = []
    for index in range(job["clients"]):
        bodies = job["bodies"][index :: job["clients"]] or job["bodies"]
        requests = [_request(job, job["keys"][index], body) for body in bodies]
        client = Client(requests, until)
        clients.append(client)
        await loop.create_unix_connection(lambda client=client: client, job["socket"])  # type: ignore[misc]
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), job["seconds"] + PATIENCE_S)
    elapsed = time.perf_counter() - started
    latencies = sorted(latency for client in clients for latency in client.latencies)
    statuses: dict[int, int] = {}
    for client in clients:
        for status, count in client.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "requests_per_s": len(latencies) / elapsed,
        "p50_ms": 1e3 * latencies[len(latencies) // 2],
        "p99_ms": 1e3 * latencies[len(latencies) * 99 // 100],
        "statuses": statuses,
    }


if __name__ == "__main__":
    uvloop.install()
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))

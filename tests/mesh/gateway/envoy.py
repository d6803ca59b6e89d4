"""A real Envoy that serves a `spec.Gateway`, and small servers behind it that say what reached them.

The listener is static; routes and discovered filters are files that are replaced whole, as the data plane does it.
"""

import asyncio
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from django.db import connections

from mesh.gateway import rendering
from mesh.gateway.spec import Gateway
from opinion_market.platform import binaries

_EXTENSION = "type.googleapis.com/envoy.extensions"
Answer = Callable[["Seen"], tuple[int, dict[str, str], bytes]]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass
class Seen:
    """A request as it reached a server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def echo(seen: Seen) -> tuple[int, dict[str, str], bytes]:
    body = {"method": seen.method, "path": seen.path, "headers": seen.headers, "size": len(seen.body)}
    return 200, {"content-type": "application/json"}, json.dumps(body).encode()


@dataclass
class Server:
    """An HTTP/1.1 server in a thread of its own, on a port or a unix socket; `answer` may be replaced at any time."""

    name: str = ""
    answer: Answer = echo
    path: Path | None = None
    port: int = 0
    # Answers that touch the database run in one thread of their own.
    is_blocking: bool = False
    seen: list[Seen] = field(default_factory=list)

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._worker = ThreadPoolExecutor(1)
        ready = threading.Event()

        async def listen() -> None:
            if self.path is not None:
                self._server = await asyncio.start_unix_server(self._serve, str(self.path))
            else:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
                self.port = self._server.sockets[0].getsockname()[1]
            ready.set()

        def run() -> None:
            self._loop.run_until_complete(listen())
            self._loop.run_forever()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(5)

    def stop(self) -> None:
        def close() -> None:
            self._server.close()
            self._loop.stop()

        self._loop.call_soon_threadsafe(close)
        self._thread.join(5)
        self._worker.submit(connections.close_all).result(5)
        self._worker.shutdown()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (line := await reader.readline()) not in {b"", b"\r\n"}:
                method, path, _ = line.decode().split(" ", 2)
                headers: dict[str, str] = {}
                while (line := await reader.readline()) not in {b"", b"\r\n"}:
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = await self._body(reader, headers)
                seen = Seen(method, path, headers, body)
                self.seen.append(seen)
                if self.is_blocking:
                    status, given, content = await self._loop.run_in_executor(self._worker, self.answer, seen)
                else:
                    status, given, content = self.answer(seen)
                given = {"content-length": str(len(content)), **({"x-server": self.name} if self.name else {}), **given}
                head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + (b"" if method == "HEAD" else content))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(await reader.readline(), 16):
                parts.append(await reader.readexactly(size))
                await reader.readline()
            await reader.readline()
            return b"".join(parts)
        return await reader.readexactly(int(headers.get("content-length", 0)))


@contextmanager
def serving(*servers: Server) -> Iterator[None]:
    for server in servers:
        server.start()
    try:
        yield
    finally:
        for server in servers:
            server.stop()


@dataclass
class Door:
    """Envoy with a gateway in front of servers; `servers` by the service's key, `mesh/service[@version]`."""

    folder: Path
    gateway: Gateway
    servers: dict[str, Server]
    port: int = 0

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.config, self.logs, self.sockets = (self.folder / name for name in ("config", "logs", "sockets"))
        for each in (self.config, self.logs, self.sockets):
            each.mkdir(exist_ok=True)
        (self.folder / "cache" / "responses").mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, address: str = "127.0.0.1") -> httpx.Client:
        """A client of the front door that connects from this address."""
        return httpx.Client(base_url=self.url, transport=httpx.HTTPTransport(local_address=address), timeout=10)

    def publish(self, gateway: Gateway) -> None:
        """Replace routes and discovered filters while Envoy runs, and wait until it has taken them."""
        self.gateway = gateway
        before, routes = self._taken(), (self.config / "rds.json").read_bytes()
        for name, resource in rendering.extension_configs(gateway).items():
            self._write(f"ecds-{name}", resource)
        self._write("rds", self._routes())
        deadline = time.monotonic() + 5
        # Envoy takes no notice of routes that are as they were.
        while (self.config / "rds.json").read_bytes() != routes and self._taken() == before:
            assert time.monotonic() < deadline, "Envoy did not take the routes"
            time.sleep(0.005)
        # Its workers have them a moment after the main thread.
        time.sleep(0.01)

    def _taken(self) -> str:
        return self.stats("http.front_door.rds.front_door.update_success")

    def stats(self, pattern: str) -> str:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.sockets / "admin.sock"))) as admin:
            return admin.get("http://envoy/stats", params={"filter": pattern}).text

    def log(self) -> list[dict]:
        path = self.logs / "front_door.json"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def logged(self, trace_id: str) -> dict:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for line in self.log():
                if line["trace_id"] == trace_id:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"{trace_id} was not logged")

    def _routes(self) -> dict:
        hosts = rendering.virtual_hosts(self.gateway, cluster_of)
        kind = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
        return {"@type": kind, "name": "front_door", "virtual_hosts": hosts}

    def _write(self, name: str, resource: dict) -> None:
        text = json.dumps({"resources": [resource]})
        text = self._local(text)
        path = self.config / f"{name}.json"
        if path.exists() and path.read_text() == text:
            return
        temporary = path.with_suffix(".new")
        temporary.write_text(text)
        os.replace(temporary, path)

    def _local(self, text: str) -> str:
        for name in ("config", "logs", "sockets", "cache"):
            text = text.replace(f'"@{name}/', f'"{self.folder}/{name}/')
        return text

    def bootstrap(self) -> dict:
        manager = {
            "@type": f"{_EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "front_door",
            "rds": {
                "route_config_name": "front_door",
                "config_source": {"path_config_source": {"path": "@config/rds.json"}, "resource_api_version": "V3"},
            },
            "http_filters": [
                *rendering.http_filters(self.gateway),
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {
                        "@type": f"{_EXTENSION}.filters.http.router.v3.Router",
                        "suppress_envoy_headers": True,
                    },
                },
            ],
            **rendering.manager_options(self.gateway),
        }
        clusters = [*rendering.clusters(self.gateway), *(_cluster(name, each) for name, each in self.servers.items())]
        return {
            "node": {"id": "test", "cluster": "test"},
            "admin": {"address": {"pipe": {"path": "@sockets/admin.sock"}}},
            "static_resources": {
                "listeners": [
                    {
                        "name": "front_door",
                        "address": {"socket_address": {"address": "127.0.0.1", "port_value": self.port}},
                        "filter_chains": [
                            {
                                "filters": [
                                    {
                                        "name": "envoy.filters.network.http_connection_manager",
                                        "typed_config": manager,
                                    }
                                ]
                            }
                        ],
                    }
                ],
                "clusters": clusters,
            },
        }

    @contextmanager
    def open(self) -> Iterator["Door"]:
        for name, resource in rendering.extension_configs(self.gateway).items():
            self._write(f"ecds-{name}", resource)
        self._write("rds", self._routes())
        path = self.folder / "envoy.json"
        path.write_text(self._local(json.dumps(self.bootstrap())))
        command = [
            str(binaries.envoy()),
            "-c",
            str(path),
            "--log-level",
            "warning",
            "--concurrency",
            "2",
            *os.environ.get("GWLOG", "").split(),
        ]
        command += ["--disable-hot-restart", "--file-flush-interval-msec", "50"]
        with (self.folder / "envoy.log").open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self, process: subprocess.Popen) -> None:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            assert process.poll() is None, (self.folder / "envoy.log").read_text()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 0.2):
                    if "LIVE" in self.ready():
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError((self.folder / "envoy.log").read_text())

    def ready(self) -> str:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.sockets / "admin.sock"))) as admin:
            return admin.get("http://envoy/ready").text


def cluster_of(service: str, version: str) -> str:
    return f"{service}@{version}" if version else service


def _cluster(name: str, server: Server) -> dict:
    if server.path is not None:
        address = {"pipe": {"path": str(server.path)}}
    else:
        address = {"socket_address": {"address": "127.0.0.1", "port_value": server.port}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }

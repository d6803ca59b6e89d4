"""A real Envoy and real upstream processes for the tests of the mesh."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from mesh.dataplane.bootstrap import ADMIN_SOCKET, bootstrap
from mesh.dataplane.documents import Documents, documents
from mesh.dataplane.envoy_admin import EnvoyAdmin, EnvoyUnreachable
from mesh.dataplane.localising import localise
from mesh.dataplane.publishing import Publisher
from mesh.dataplane.rendering.listeners import MESH_SOCKET
from mesh.dataplane.rendering.whole import render
from mesh.dataplane.spec import Desired, Endpoint, Host, Service
from mesh.gateway.spec import Gateway
from opinion_market.platform import binaries


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass
class Instance:
    """One upstream process."""

    name: str
    port: int
    process: subprocess.Popen[str]

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(address="127.0.0.1", port=self.port)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def start_upstream(name: str, port: int | None = None) -> Instance:
    """Running and listening once this returns."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.mesh.upstream", name, str(port)], stdout=subprocess.PIPE, text=True
    )
    if process.stdout is None or process.stdout.readline().strip() != "ready":
        raise RuntimeError(f"The upstream {name} did not start.")
    process.stdout.close()
    return Instance(name, port, process)


@contextmanager
def upstreams(*names: str) -> Iterator[list[Instance]]:
    started = []
    try:
        for name in names:
            started.append(start_upstream(name))
        yield started
    finally:
        for each in started:
            each.kill()


@dataclass
class Node:
    """A node with its folders, and an Envoy that may be started, killed and started again."""

    folder: Path
    name: str = "here"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        for name in ("config/cache/responses", "sockets", "logs"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.host = Host(
            node=self.name,
            addresses=["127.0.0.1"],
            port=self.port,
            config=str(self.folder / "config"),
            sockets=str(self.folder / "sockets"),
            logs=str(self.folder / "logs"),
        )
        self.admin = EnvoyAdmin(self.folder / "sockets" / ADMIN_SOCKET)
        self.publisher = Publisher(Path(self.host.config), self.admin)

    def documents(self, desired: Desired) -> Documents:
        return documents(localise(render(desired), self.host))

    def publish(self, desired: Desired) -> None:
        wanted = self.documents(desired)
        self.publisher.publish(wanted)
        assert not self.publisher.is_envoy_up() or self.publisher.is_taken(wanted)

    def start(self) -> None:
        """Start Envoy from what is in the folder, and wait until it is live."""
        path = self.folder / "bootstrap.json"
        path.write_text(json.dumps(bootstrap(self.host)))
        with (self.folder / "envoy.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(str(binaries.envoy()), "-c", str(path), "--disable-hot-restart", "--concurrency", "1"),
                    *("--log-level", "warning", "--drain-time-s", "1", "--file-flush-interval-msec", "50"),
                ],
                stderr=log,
            )
        until = time.monotonic() + 20
        while True:
            try:
                if self.admin.server().state == "LIVE":
                    return
            except EnvoyUnreachable:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
            time.sleep(0.02)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        self.kill()
        self.admin.close()

    def client(self, **options: object) -> httpx.Client:
        """Calls services by name through the mesh listener."""
        transport = httpx.HTTPTransport(uds=os.path.join(self.host.sockets, MESH_SOCKET))
        return httpx.Client(transport=transport, timeout=10)


def wanting(*services: Service, gateway: Gateway | None = None) -> Desired:
    return Desired(services=services, gateway=gateway or Gateway(routes=[]))


def service(name: str, *instances: Instance | Endpoint, **policy: object) -> Service:
    endpoints = [each.endpoint if isinstance(each, Instance) else each for each in instances]
    return Service(mesh="platform", name=name, endpoints=endpoints, **policy)  # type: ignore[arg-type]

"""The hub's fan-out beside a bare Node server's: the same clients, the same rate, in turns."""

import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psutil

from tools.bench.node import Node

CHANNEL = f"market:{UUID(int=0)}"
HELLO = json.dumps({"type": "subscribe", "channel": CHANNEL})
STARTING_S = 30.0
# The clients' script waits so long between the last connection and the measurement.
SETTLING_S = 1.0
_SAMPLED_EVERY_S = 0.1
_SPARE_DESCRIPTORS = 200


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many clients, each to be sent so many frames a second."""

    clients: int
    rate: int
    seconds: int
    rounds: int


def measure(node: Node, crowd: Crowd) -> dict[str, Any]:
    """The peer and the hub in turns; the median of the rounds counts. Raises RuntimeError if the clients could not connect."""
    raise_descriptors(crowd.clients)
    rounds = [_round(node, crowd) for _ in range(crowd.rounds)]
    middle = {
        side: {name: round(median(each[side][name] for each in rounds), 3) for name in rounds[0][side]}
        for side in ("peer", "hub")
    }
    return {
        **asdict(crowd),
        **middle,
        "ratio": round(median(each["ratio"] for each in rounds), 3),
        "rounds_measured": rounds,
    }


def raise_descriptors(clients: int) -> None:
    """Let this process and those it starts open a file per client. Raises RuntimeError if the system does not allow it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = clients + _SPARE_DESCRIPTORS
    if most != resource.RLIM_INFINITY and most < needed:
        raise RuntimeError(f"{clients} clients need {needed} open files; this system allows {most} (ulimit -Hn).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _round(node: Node, crowd: Crowd) -> dict[str, Any]:
    port = free_port()
    with _running([node.binary, str(node.peer), str(port), str(crowd.rate)], port, node.environment) as server:
        peer = _measured(node, f"ws://127.0.0.1:{port}/", crowd, server)
    port = free_port()
    command = [sys.executable, "-m", "markets.realtime.serving", "tools.bench.realtime_app:application"]
    environment = {**os.environ, "BENCH_FRAMES_PER_S": str(crowd.rate)}
    with _running([*command, "--port", str(port)], port, environment) as server:
        hub = _measured(node, f"ws://127.0.0.1:{port}/ws/analytics", crowd, server)
    return {"peer": peer, "hub": hub, "ratio": round(hub["frames_per_s"] / peer["frames_per_s"], 3)}


@dataclass(frozen=True, slots=True)
class _Sample:
    """At a time: the processor seconds that the server has used and waited for, those the clients used; the server's memory."""

    at: float
    server_s: float
    waited_s: float
    clients_s: float
    server_bytes: int


def _measured(node: Node, url: str, crowd: Crowd, server: psutil.Process) -> dict[str, float]:
    """The clients' figures, and what server and clients took for them while they measured: cores (processor seconds a second),
    the server's processor time per frame, its memory per client; and how fast the clients could connect."""
    empty_bytes = server.memory_info().rss
    command = [node.binary, str(node.clients), url, str(crowd.clients), str(crowd.seconds), HELLO]
    started = time.monotonic()
    clients = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=node.environment)
    samples = list(_samples(clients, server))
    printed = clients.communicate()[0]
    if clients.returncode or not samples:
        raise RuntimeError(f"{crowd.clients} clients could not connect to {url}.")
    found: dict[str, Any] = json.loads(printed)
    last = samples[-1]
    first = next(each for each in samples if each.at >= last.at - crowd.seconds)
    server_cores = (last.server_s - first.server_s) / (last.at - first.at)
    connecting_s = last.at - started - crowd.seconds - SETTLING_S
    return {
        **{name: found[name] for name in ("frames_per_s", "delay_ms_p50", "delay_ms_p99")},
        "server_cores": round(server_cores, 3),
        # Time in which others had the processors: what is shared with them is measured unfairly.
        "server_waited": round((last.waited_s - first.waited_s) / (last.at - first.at), 3),
        "clients_cores": round((last.clients_s - first.clients_s) / (last.at - first.at), 3),
        "server_us_per_frame": round(1e6 * server_cores / found["frames_per_s"], 2),
        "server_kib_per_client": round((last.server_bytes - empty_bytes) / crowd.clients / 1024, 1),
        "connections_per_s": round(crowd.clients / connecting_s),
    }


def _samples(clients: subprocess.Popen[str], server: psutil.Process) -> Iterator[_Sample]:
    """Until the clients have ended."""
    process = psutil.Process(clients.pid)
    while clients.poll() is None:
        try:
            used = process.cpu_times()
        except psutil.Error:  # they ended meanwhile
            return
        own = server.cpu_times()
        memory = server.memory_info().rss
        yield _Sample(time.monotonic(), own.user + own.system, _waited_s(server), used.user + used.system, memory)
        time.sleep(_SAMPLED_EVERY_S)


def _waited_s(process: psutil.Process) -> float:
    """How long its first thread was ready and had no processor, in seconds; 0 where the kernel does not tell."""
    try:
        fields = Path(f"/proc/{process.pid}/schedstat").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return int(fields[1]) / 1e9


@contextmanager
def _running(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    """The server, once it accepts connections. Raises OSError if it does not."""
    process = subprocess.Popen(command, env=environment)
    try:
        until = time.monotonic() + STARTING_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port

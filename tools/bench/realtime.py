"""The hub's fan-out beside a bare Node server's: the same clients, the same rate, in turns.

python -m opinion_market.platform.throwaway -- python -m tools.bench.realtime --clients-script CLIENTS.js --peer-script PEER.js

CLIENTS.js URL N SECONDS HELLO opens N sockets, sends HELLO over each, and prints one line of JSON: frames_per_s,
delay_ms_p50, delay_ms_p99. PEER.js PORT RATE sends a frame of 250 bytes to every client RATE times a second. Both need
Node, and `ws` from npm beside them or in NODE_PATH. Writes var/bench/realtime.json.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from tools.bench.machine import describe

OUTPUT = Path("var/bench/realtime.json")
CHANNEL = "market:00000000-0000-0000-0000-000000000000"
HELLO = json.dumps({"type": "subscribe", "channel": CHANNEL})
STARTING_S = 30.0


@contextmanager
def _running(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **environment})
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
        yield
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _measured(node: str, script: str, path: str, port: int, options: argparse.Namespace) -> dict[str, Any]:
    command = [node, script, f"ws://127.0.0.1:{port}{path}", str(options.clients), str(options.seconds), HELLO]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def _round(node: str, options: argparse.Namespace) -> dict[str, Any]:
    rate = {"BENCH_FRAMES_PER_S": str(options.rate)}
    port = _free_port()
    with _running([node, options.peer_script, str(port), str(options.rate)], port, rate):
        peer = _measured(node, options.clients_script, "/", port, options)
    port = _free_port()
    hub_command = [
        *(sys.executable, "-m", "markets.realtime.serving", "tools.bench.realtime_app:application"),
        *("--port", str(port)),
    ]
    with _running(hub_command, port, rate):
        hub = _measured(node, options.clients_script, "/ws/analytics", port, options)
    return {"peer": peer, "hub": hub, "ratio": round(hub["frames_per_s"] / peer["frames_per_s"], 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients-script", required=True)
    parser.add_argument("--peer-script", required=True)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=60, help="Frames a second to each client.")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    node = shutil.which("node")
    if node is None:
        sys.exit("The benchmark needs Node, which is not installed.")
    result = {
        "machine": describe(settings.ENV.database_url),
        "clients": options.clients,
        "rate": options.rate,
        "seconds": options.seconds,
        "rounds": [_round(node, options) for _ in range(options.rounds)],
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

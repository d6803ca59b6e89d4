"""Orders over HTTP, as `make run` serves them, beside a view that authenticates and validates alike and does nothing."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from governance.identity.models import ApiKey
from governance.identity.services import create_api_key
from opinion_market.kernel import clock
from tools.bench.orders import OrderFlow
from tools.bench.venue import Venue, make_venue

CLIENTS = (1, 32)
BODIES = 4_000
WARM_UP_S = 1.0
WEB_THREADS = 32
NAMES = ("empty", "orders")


def measure(*, seconds: float, rounds: int) -> dict[str, Any]:
    """Both views in turns, with each number of clients. The median of the rounds counts."""
    venue = make_venue(markets=1, traders=max(CLIENTS))
    market = venue.market_ids[0]
    paths = {"empty": f"/bench/markets/{market}/orders", "orders": f"/api/v1/markets/{market}/orders"}
    job: dict[str, Any] = {"keys": _keys(venue), "bodies": _bodies(venue)}
    results: dict[str, Any] = {}
    with _server() as address:
        job["socket"] = str(address)
        for clients in CLIENTS:
            measured: dict[str, list[dict[str, float]]] = {name: [] for name in NAMES}
            for name in NAMES:
                _send({**job, "clients": clients, "path": paths[name], "seconds": WARM_UP_S})
            for _ in range(rounds):
                for name in NAMES:
                    measured[name].append(_send({**job, "clients": clients, "path": paths[name], "seconds": seconds}))
            results[str(clients)] = _summary(measured)
    return {"seconds": seconds, "rounds": rounds, "web_threads": WEB_THREADS, "clients": results}


def _summary(measured: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    empty, orders = measured["empty"], measured["orders"]
    middle = {
        name: {key: round(median(each[key] for each in rounds), 3) for key in rounds[0]}
        for name, rounds in measured.items()
    }
    pairs = zip(empty, orders, strict=True)
    ratio = median(traded["requests_per_s"] / idle["requests_per_s"] for idle, traded in pairs)
    return {**middle, "ratio": round(ratio, 3), "rounds_measured": measured}


def _keys(venue: Venue) -> list[str]:
    now = clock.now()
    return [
        create_api_key(actor=trader, name="benchmark", scope=ApiKey.Scope.TRADE, now=now)[1] for trader in venue.traders
    ]


def _bodies(venue: Venue) -> list[str]:
    """Orders like those of the sequencer's part, as clients would write them; shuffled, for clients repeat them."""
    orders = [command.order for command in OrderFlow(venue.accounts, seed=7).batch(BODIES)]
    Random(7).shuffle(orders)
    return [
        json.dumps(
            {
                "outcome": order.outcome,
                "side": "buy" if order.is_buy else "sell",
                "type": "limit",
                "price": order.price,
                "quantity": order.quantity,
                "time_in_force": "gtc",
                "post_only": False,
            }
        )
        for order in orders
    ]


def _send(job: dict[str, Any]) -> dict[str, float]:
    """Run the clients. Raises RuntimeError unless every request was answered 201."""
    command = [sys.executable, "-m", "tools.bench.http_client"]
    done = subprocess.run(command, check=True, input=json.dumps(job), stdout=subprocess.PIPE, text=True, timeout=300)
    figures: dict[str, Any] = json.loads(done.stdout)
    statuses = figures.pop("statuses")
    if set(statuses) != {"201"}:
        raise RuntimeError(f"{job['path']} was to answer 201 always; it answered {statuses}.")
    return figures


@contextmanager
def _server() -> Iterator[Path]:
    """granian with the options of `make run`, on a unix socket."""
    with tempfile.TemporaryDirectory(prefix="opinion-market-bench-") as folder:
        path = Path(folder) / "granian.sock"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--uds", str(path), "--workers", "1"]
        command += ["--blocking-threads", str(WEB_THREADS), "--no-ws", "--log-level", "warning"]
        command += ["--workers-kill-timeout", "5"]
        server = subprocess.Popen(
            [*command, "opinion_market.platform.behind_envoy:wsgi"],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tools.bench.settings"},
        )
        try:
            _await(server, path)
            yield path
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _await(server: subprocess.Popen[bytes], path: Path) -> None:
    """Wait until the server accepts connections. Raises RuntimeError if it does not."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("granian did not start; its error is above.")

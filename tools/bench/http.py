"""The exchange over HTTP, as `make run` serves it, beside a view that authenticates and validates an order and does nothing."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from governance.identity.models import ApiKey
from governance.identity.services import create_api_key
from markets.trading.sequencer import submit
from opinion_market.kernel import clock
from tools.bench.orders import OrderFlow
from tools.bench.venue import Venue, make_venue

MANY = 32
BODIES = 4_000
BATCH = 100
BATCHES = 200
MARKETS = 200
# Orders placed beforehand, so that there is a book, and history to draw candles of.
TRADED_BEFORE = 3_000
WARM_UP_S = 1.0
WEB_THREADS = 32
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of request: how many clients send it, what is sent, and what it must be answered with."""

    clients: int
    path: str
    method: str = "GET"
    bodies: Sequence[str] = ("",)
    status: int = 200


def measure(*, seconds: float, rounds: int) -> dict[str, Any]:
    """The empty view and all others in turns, with one client and with many. The median of the rounds counts."""
    venue = make_venue(markets=MARKETS, traders=MANY)
    flow = OrderFlow(venue.accounts, seed=5)
    for _ in range(TRADED_BEFORE // BATCH):
        submit(venue.market_ids[0], flow.batch(BATCH))
    keys = _keys(venue)
    with _server() as address:
        job: dict[str, Any] = {"keys": keys, "socket": str(address), "seconds": seconds}
        groups = {str(clients): _rounds(job, _subjects(venue, clients), rounds) for clients in (1, MANY)}
    return {
        "seconds": seconds,
        "rounds": rounds,
        "web_threads": WEB_THREADS,
        "markets": MARKETS,
        "batch": BATCH,
        "clients": groups,
    }


def _subjects(venue: Venue, clients: int) -> dict[str, Subject]:
    """By name; the yardstick first."""
    market = venue.market_ids[0]
    found = {
        EMPTY: Subject(clients, f"/bench/markets/{market}/orders", "POST", _bodies(venue), 201),
        "orders": Subject(clients, f"/api/v1/markets/{market}/orders", "POST", _bodies(venue), 201),
    }
    if clients == 1:
        return found
    return {
        **found,
        "batches": Subject(clients // 4, "/api/v1/orders/batch", "POST", _batches(venue)),
        "book": Subject(clients, f"/api/v1/markets/{market}/book"),
        "prices": Subject(clients, f"/api/v1/markets/{market}/prices"),
        "market": Subject(clients, f"/api/v1/markets/{market}"),
        "markets, 20 per page": Subject(clients, "/api/v1/markets?limit=20"),
        "markets, 100 per page": Subject(clients, "/api/v1/markets"),
    }


def _rounds(job: dict[str, Any], subjects: dict[str, Subject], rounds: int) -> dict[str, Any]:
    for subject in subjects.values():
        _send({**job, "seconds": WARM_UP_S}, subject)
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            measured[name].append(_send(job, subject))
    return {name: _summary(each, measured[EMPTY]) for name, each in measured.items()}


def _summary(rounds: list[dict[str, float]], empty: list[dict[str, float]]) -> dict[str, Any]:
    middle = {key: round(median(each[key] for each in rounds), 3) for key in rounds[0]}
    ratios = {
        f"{key}_ratio": round(median(own[key] / idle[key] for own, idle in zip(rounds, empty, strict=True)), 3)
        for key in ("requests_per_s", "p99_ms")
    }
    return {**middle, **ratios, "rounds_measured": rounds}


def _keys(venue: Venue) -> list[str]:
    now = clock.now()
    return [
        create_api_key(actor=trader, name="benchmark", scope=ApiKey.Scope.TRADE, now=now)[1] for trader in venue.traders
    ]


def _bodies(venue: Venue) -> list[str]:
    """Orders like those of the sequencer's part, as clients would write them; shuffled, for clients repeat them."""
    return [json.dumps(order) for order in _orders(venue, BODIES, seed=7)]


def _batches(venue: Venue) -> list[str]:
    market = venue.market_ids[0]
    orders = [{"market": market, **order} for order in _orders(venue, BATCH * BATCHES, seed=8)]
    return [json.dumps({"orders": orders[start : start + BATCH]}) for start in range(0, len(orders), BATCH)]


def _orders(venue: Venue, count: int, *, seed: int) -> list[dict[str, Any]]:
    orders = [command.order for command in OrderFlow(venue.accounts, seed=seed).batch(count)]
    Random(seed).shuffle(orders)
    return [
        {
            "outcome": order.outcome,
            "side": "buy" if order.is_buy else "sell",
            "type": "limit",
            "price": order.price,
            "quantity": order.quantity,
            "time_in_force": "gtc",
            "post_only": False,
        }
        for order in orders
    ]


def _send(job: dict[str, Any], subject: Subject) -> dict[str, float]:
    """Run the clients. Raises RuntimeError unless every request was answered as it must be."""
    command = [sys.executable, "-m", "tools.bench.http_client"]
    job = {**job, **asdict(subject)}
    done = subprocess.run(command, check=True, input=json.dumps(job), stdout=subprocess.PIPE, text=True, timeout=300)
    figures: dict[str, Any] = json.loads(done.stdout)
    statuses = figures.pop("statuses")
    if set(statuses) != {str(subject.status)}:
        raise RuntimeError(f"{subject.path} was to answer {subject.status} always; it answered {statuses}.")
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

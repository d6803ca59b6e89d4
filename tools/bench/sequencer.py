"""Durable orders per second through the sequencer, beside pgbench on the same server, in turns."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from tools.bench.pgbench import CLIENTS, SCALE, THREADS, PgBench, slower_flushes
from tools.bench.trading import Tally
from tools.bench.venue import MAKER_FEE_BPS, TAKER_FEE_BPS, make_venue

# What a flush takes longer in further turns: how the ratio depends on the disk.
FLUSH_DELAYS_US = (1_000, 2_000, 5_000)

Worker = subprocess.Popen[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the sequencer: each process serves an organization of its own, each of its threads a market."""

    processes: int = 4
    threads: int = 1
    traders: int = 200
    batch: int = 64
    seconds: float = 8.0
    rounds: int = 3


def measure(load: Load, yardstick: PgBench) -> dict[str, Any]:
    """Rounds of pgbench, then orders, so that the machine's moods hit both. The median of the rounds counts."""
    yardstick.prepare()
    rounds: list[dict[str, float]] = []
    with _workers(load) as workers:
        for _ in range(load.rounds):
            pgbench_tps = yardstick.run(load.seconds)
            tally = _run(workers, load.seconds)
            rounds.append({"pgbench_tps": pgbench_tps, **_rates(tally), "ratio": _ratio(tally, pgbench_tps)})
        slower = [_with_slower_flushes(workers, yardstick, delay, load.seconds / 2) for delay in FLUSH_DELAYS_US]
    return {
        **asdict(load),
        "taker_fee_bps": TAKER_FEE_BPS,
        "maker_fee_bps": MAKER_FEE_BPS,
        "pgbench": {"scale": SCALE, "clients": CLIENTS, "threads": THREADS},
        "rounds_measured": rounds,
        "slower_flushes": slower,
        "median": {name: round(median(each[name] for each in rounds), 3) for name in rounds[0]},
    }


def _with_slower_flushes(
    workers: Sequence[Worker], yardstick: PgBench, delay_us: int, seconds: float
) -> dict[str, float]:
    """One turn of each on a server whose flushes take longer."""
    with slower_flushes(yardstick.url, delay_us):
        pgbench_tps = yardstick.run(seconds)
        tally = _run(workers, seconds)
    orders_per_s = tally.orders / tally.elapsed_s
    return {
        "added_us": delay_us,
        "pgbench_tps": pgbench_tps,
        "orders_per_s": orders_per_s,
        "ratio": orders_per_s / pgbench_tps,
    }


def _rates(tally: Tally) -> dict[str, float]:
    return {
        "orders_per_s": tally.orders / tally.elapsed_s,
        "trades_per_s": tally.trades / tally.elapsed_s,
        "batches_per_s": tally.batches / tally.elapsed_s,
        "crossing_share": tally.crossing / max(1, tally.orders),
        "refused": tally.refused,
    }


def _ratio(tally: Tally, pgbench_tps: float) -> float:
    return tally.orders / tally.elapsed_s / pgbench_tps


@contextmanager
def _workers(load: Load) -> Iterator[list[Worker]]:
    """Processes that have connected, loaded their markets and traded a moment; they end with the block."""
    workers = [_start(load, seed) for seed in range(load.processes)]
    try:
        for worker in workers:
            if _line(worker) != "ready":
                raise RuntimeError("A worker of the benchmark did not start; its error is above.")
        yield workers
    finally:
        for worker in workers:
            worker.communicate(timeout=60)  # closes its input, which ends it


def _start(load: Load, seed: int) -> Worker:
    venue = make_venue(markets=load.threads, traders=load.traders)
    job = {"markets": venue.market_ids, "accounts": venue.accounts, "batch": load.batch, "seed": seed}
    command = [sys.executable, "-m", "tools.bench.worker", json.dumps(job)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _run(workers: Sequence[Worker], seconds: float) -> Tally:
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{seconds}\n")
        worker.stdin.flush()
    total = Tally()
    for worker in workers:
        total.add(Tally(**json.loads(_line(worker))))
    return total


def _line(worker: Worker) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline().strip()
    if not line:
        raise RuntimeError("A worker of the benchmark ended early; its error is above.")
    return line

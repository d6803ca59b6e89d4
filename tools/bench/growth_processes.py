"""The processes that trade for the growth benchmark, and how they are spoken to."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.bench.venue import Venue

Worker = subprocess.Popen[str]


@contextmanager
def empty_platform(url: str, traders: int) -> Iterator[Worker]:
    """One market on a platform of its own; made by a process of its own, whose Django knows that database only."""
    environment = {"DATABASE_URL": url}
    made = subprocess.run(
        [sys.executable, "-m", "tools.bench.empty_platform", str(traders)],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    with worker(json.loads(made.stdout), environment) as started:
        yield started


@contextmanager
def worker(job: dict[str, Any], environment: dict[str, str]) -> Iterator[Worker]:
    """A worker that ends with the block."""
    started = start(job, environment)
    try:
        expect_ready(started)
        yield started
    finally:
        started.communicate(timeout=60)  # closes its input, which ends it


def job_of(venue: Venue) -> dict[str, Any]:
    """What a worker is told of the markets it is to trade."""
    return {"markets": venue.market_ids, "accounts": venue.accounts, "seed": 1}


def start(job: dict[str, Any], environment: dict[str, str]) -> Worker:
    """Start a worker; the environment's additions may name another database."""
    command = [sys.executable, "-m", "tools.bench.growth_worker", json.dumps(job)]
    environment = {**os.environ, **environment}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def expect_ready(worker: Worker) -> None:
    """Wait until a worker has started. Raises RuntimeError if it does not."""
    if line(worker) != "ready":
        raise RuntimeError("A worker of the benchmark did not start; its error is above.")


def ask(worker: Worker, **asked: Any) -> dict[str, Any]:
    """Have a worker do something; its answer."""
    write(worker, asked)
    answer: dict[str, Any] = json.loads(line(worker))
    return answer


def write(worker: Worker, asked: dict[str, Any]) -> None:
    """Ask without waiting."""
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(asked) + "\n")
    worker.stdin.flush()


def line(worker: Worker) -> str:
    """A worker's next line. Raises RuntimeError if it has ended."""
    assert worker.stdout is not None
    text = worker.stdout.readline().strip()
    if not text:
        raise RuntimeError("A worker of the benchmark ended early; its error is above.")
    return text

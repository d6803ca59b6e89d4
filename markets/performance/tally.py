"""What a process counts while it carries out batches: sums and histograms in memory, of fixed size. No Django.

A batch is counted after its callers have been told, under one lock that is held for microseconds: no count is lost when
two markets' batches end at once, and whoever writes the counts down takes them away whole.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from markets.performance.histograms import BATCH_BOUNDS, LATENCY_BOUNDS_US


def _empty_latencies() -> list[int]:
    return [0] * (len(LATENCY_BOUNDS_US) + 1)


def _empty_sizes() -> list[int]:
    return [0] * (len(BATCH_BOUNDS) + 1)


@dataclass(slots=True)
class Tally:
    """Counts of a while. `orders`: placed, not refused; `refused`: by their code in `refusals`; `failed`: in batches that failed whole.

    `busy_us`: spent on batches, summed over threads. `latency`: commands by time from acceptance to commit, `latency_us` its
    sum; `sizes`: batches by length. `waiting`: callers who waited when a batch set out, beside the one who carried it
    out, summed; `waiting_most`: at most.
    """

    commands: int = 0
    orders: int = 0
    refused: int = 0
    failed: int = 0
    batches: int = 0
    busy_us: int = 0
    latency_us: int = 0
    waiting: int = 0
    waiting_most: int = 0
    latency: list[int] = field(default_factory=_empty_latencies)
    sizes: list[int] = field(default_factory=_empty_sizes)
    refusals: dict[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.batches and not self.failed


class Meter:
    """The tally that the process's threads add to."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tally = Tally()

    def batch(
        self,
        *,
        arrivals: Iterable[tuple[int, int]],
        began_ns: int,
        done_ns: int,
        waiting: int,
        orders: int,
        refusals: Iterable[str],
    ) -> None:
        """Count a committed batch. `arrivals`: (when its commands were accepted, how many), of each caller; times of one clock."""
        with self._lock:
            tally = self._tally
            size = 0
            for accepted_ns, commands in arrivals:
                took_us = (done_ns - accepted_ns) // 1_000
                tally.latency[bisect_left(LATENCY_BOUNDS_US, took_us)] += commands
                tally.latency_us += took_us * commands
                size += commands
            tally.commands += size
            tally.orders += orders
            tally.batches += 1
            tally.sizes[bisect_left(BATCH_BOUNDS, size)] += 1
            tally.busy_us += (done_ns - began_ns) // 1_000
            tally.waiting += waiting
            tally.waiting_most = max(tally.waiting_most, waiting)
            for code in refusals:
                tally.refused += 1
                tally.refusals[code] = tally.refusals.get(code, 0) + 1

    def failure(self, code: str, commands: int) -> None:
        """Count commands whose batch failed as a whole."""
        with self._lock:
            self._tally.failed += commands
            self._tally.refusals[code] = self._tally.refusals.get(code, 0) + commands

    def take(self) -> Tally:
        """What was counted since it was last taken."""
        with self._lock:
            taken, self._tally = self._tally, Tally()
        return taken

    def put_back(self, taken: Tally) -> None:
        """Count what was taken together with what came since: it could not be written down."""
        with self._lock:
            now = self._tally
            for name in ("commands", "orders", "refused", "failed", "batches", "busy_us", "latency_us", "waiting"):
                setattr(now, name, getattr(now, name) + getattr(taken, name))
            now.waiting_most = max(now.waiting_most, taken.waiting_most)
            now.latency = [a + b for a, b in zip(now.latency, taken.latency, strict=True)]
            now.sizes = [a + b for a, b in zip(now.sizes, taken.sizes, strict=True)]
            for code, count in taken.refusals.items():
                now.refusals[code] = now.refusals.get(code, 0) + count

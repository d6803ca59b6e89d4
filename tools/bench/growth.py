"""What an order costs on a grown platform, beside an empty one on the same server, in turns; and what memory and restarts cost.

The grown platform is made of real orders, through the sequencer, so that its books can be audited like any others.
"""

import gc
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from django.db import connection

from markets.trading.memory import load
from opinion_market.eventstore.snapshot_policies import DEFAULT_EVERY
from tools.bench.growth_processes import Worker, ask, empty_platform, expect_ready, job_of, line, start, worker, write
from tools.bench.venue import Venue, make_venue

EMPTY_DATABASE = "bench_empty"
BUILDERS = 2
SHAPES = {"single orders": 1, "batches of 64": 64}
DEEP = 10_000
LOADS = 9
# Each round in slices: turns that follow one another quickly meet the same mood of a shared machine.
SLICES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much the platform has grown: markets, and in each of them resting orders and events, at least."""

    markets: int = 1_000
    resting: int = 100
    events: int = 1_000
    traders: int = 200


def measure(empty_url: str, scale: Scale, *, seconds: float, rounds: int) -> dict[str, Any]:
    """`empty_url`: an empty database on the same server; the grown platform is built in this process's own."""
    started = time.perf_counter()
    venue = make_venue(markets=scale.markets, traders=scale.traders)
    _fill(venue, scale)
    with connection.cursor() as cursor:
        # As autovacuum does in the minutes such growth would take at the least.
        cursor.execute("VACUUM (ANALYZE)")
    built_in_s = time.perf_counter() - started
    with worker(job_of(venue), {}) as grown, empty_platform(empty_url, scale.traders) as empty:
        warmed = ask(grown, do="warm")
        ask(empty, do="warm")
        shapes = {name: _costs(empty, grown, size, seconds, rounds) for name, size in SHAPES.items()}
    return {
        **asdict(scale),
        **_counts(),
        "seconds": seconds,
        "rounds": rounds,
        "built_in_s": round(built_in_s, 1),
        "warm_load_ms": _quantiles(warmed["load_ms"]),
        "warm_grown_mib": round(warmed["grown_bytes"] / 2**20, 1),
        "shapes": shapes,
        **_cold(venue, scale),
    }


def _costs(empty: Worker, grown: Worker, size: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Microseconds an order: on the empty platform, on one market of the grown one, and spread over all of its markets."""
    measured: dict[str, list[float]] = {"empty": [], "one market": [], "all markets": []}
    asked = {"empty": (empty, False), "one market": (grown, False), "all markets": (grown, True)}
    for platform, spread in asked.values():
        ask(platform, do="time", batch=size, spread=spread, seconds=0.5)
    for _ in range(rounds * SLICES):
        for name, (platform, spread) in asked.items():
            found = ask(platform, do="time", batch=size, spread=spread, seconds=seconds / SLICES)
            measured[name].append(found["us_per_order"])
    return {
        "us_per_order": {name: round(median(found), 1) for name, found in measured.items()},
        "ratio": {
            name: round(median(own / idle for own, idle in zip(measured[name], measured["empty"], strict=True)), 3)
            for name in ("one market", "all markets")
        },
        "rounds_measured": measured,
    }


def _fill(venue: Venue, scale: Scale) -> None:
    """The builders share the markets."""
    shares = [Venue(venue.market_ids[index::BUILDERS], [], venue.accounts) for index in range(BUILDERS)]
    builders = [start(job_of(share), {}) for share in shares]
    try:
        for builder in builders:
            expect_ready(builder)
            write(builder, {"do": "fill", "resting": scale.resting, "events": scale.events})
        for builder in builders:
            line(builder)
    finally:
        for builder in builders:
            builder.communicate(timeout=60)


def _cold(venue: Venue, scale: Scale) -> dict[str, Any]:
    """A market with a deep book: what it takes in memory, and how long it takes to rebuild it from its snapshot."""
    deep = make_venue(markets=1, traders=scale.traders)
    # Half-way to the next snapshot, as it is on average when a process starts.
    events = DEFAULT_EVERY * (1 + DEEP // DEFAULT_EVERY) + DEFAULT_EVERY // 2
    with worker(job_of(deep), {}) as filler:
        ask(filler, do="fill", resting=DEEP, events=events)
    tracemalloc.start()
    loaded = load(deep.market_ids[0])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "deep": {
            "resting": len(loaded.state.orders),
            "version": loaded.state.version,
            "snapshot_version": loaded.snapshot_version,
            "mib": round(held / 2**20, 2),
            "mib_per_10000_resting": round(held / 2**20 * 10_000 / len(loaded.state.orders), 2),
            "load_ms": _loads(deep.market_ids[0]),
        },
        "ordinary": {"version": load(venue.market_ids[1]).state.version, "load_ms": _loads(venue.market_ids[1])},
    }


def _loads(market_id: str) -> dict[str, float]:
    """Milliseconds, and those of this thread's processor among them (the rest is PostgreSQL, and other work's turns)."""
    gc.freeze()  # as the server does once it is loaded
    took, busy = [], []
    for _ in range(LOADS):
        started, started_busy = time.perf_counter(), time.thread_time()
        load(market_id)
        took.append(1e3 * (time.perf_counter() - started))
        busy.append(1e3 * (time.thread_time() - started_busy))
    return {**_quantiles(took), "busy": round(median(busy), 2)}


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    found = sorted(values)
    return {
        "least": round(found[0], 2),
        "median": round(median(found), 2),
        "p99": round(found[len(found) * 99 // 100], 2),
        "most": round(found[-1], 2),
    }


def _counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM markets_market WHERE status = 'open'), "
            "(SELECT count(*) FROM markets_order WHERE status = 'open'), (SELECT count(*) FROM eventstore_event)"
        )
        markets, resting, events = cursor.fetchone()
    return {"open_markets": markets, "resting_orders": resting, "all_events": events}

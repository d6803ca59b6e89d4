"""Where the time of one trading thread goes: by kind of work, by function, and by statement.

python -m tools.bench.exchange --profile
"""

import cProfile
import pstats
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

from tools.bench.orders import OrderFlow
from tools.bench.trading import trade
from tools.bench.venue import make_venue

# The first match names the group. Paths are as the profiler shows them; "~" are built-in functions.
GROUPS = (
    ("engine: match, decide, apply", ("markets/engine/",)),
    ("events: JSON, hash chain, rows", ("eventstore/", "orjson", "hashlib", "openssl_", "_hashlib")),
    ("waiting for PostgreSQL", ("wait_c", "connection.py:wait", "generators.py:copy_end")),
    ("driver (psycopg)", ("psycopg",)),
    ("Django's database layer", ("django/",)),
    ("rows: COPY, arrays", ("trading/writer.py", "trading/rows.py", "kernel/binary_copy.py", "kernel/bulk.py")),
    ("session, batch, commands, replies", ("markets/trading/", "markets/ledger/")),
    ("making the orders (the benchmark itself)", ("tools/bench/", "uuid_utils", "random")),
)

# Statements below this share of the time are left out: those of a snapshot, once in many batches.
NEGLIGIBLE = 0.001


class Statements:
    """Seconds and number of executions per statement, as the thread experienced them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.count: dict[str, int] = defaultdict(int)

    def add(self, statement: str, seconds: float) -> None:
        """Note one execution."""
        shortened = " ".join(statement.split())[:90]
        self.seconds[shortened] += seconds
        self.count[shortened] += 1


@contextmanager
def timed_statements() -> Iterator[Statements]:
    """Time what goes through psycopg's cursors and commits meanwhile."""
    found = Statements()
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy
    commit = psycopg.Connection.commit

    def timed_execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(self, query, *args, **options)
        finally:
            found.add(str(query), time.perf_counter() - started)

    @contextmanager
    def timed_copy(self: Any, statement: Any, *args: Any, **options: Any) -> Iterator[Any]:
        started = time.perf_counter()
        with copy(self, statement, *args, **options) as copying:
            yield copying
        found.add(str(statement), time.perf_counter() - started)

    def timed_commit(self: Any) -> None:
        started = time.perf_counter()
        commit(self)
        found.add("COMMIT", time.perf_counter() - started)

    with (
        patch.object(psycopg.Cursor, "execute", timed_execute),
        patch.object(psycopg.Cursor, "copy", timed_copy),
        patch.object(psycopg.Connection, "commit", timed_commit),
    ):
        yield found


def profile(*, batch: int, traders: int, seconds: float) -> None:
    """Trade alone, once with timed statements and once under cProfile, and print both."""
    venue = make_venue(markets=1, traders=traders)
    flow = OrderFlow(venue.accounts, seed=1)
    market = venue.market_ids[0]
    trade(market, flow, batch=batch, seconds=1)
    with timed_statements() as statements:
        tally = trade(market, flow, batch=batch, seconds=seconds)
    print(f"\nStatements: {tally.orders / tally.elapsed_s:,.0f} orders/s in {tally.batches:,} batches of {batch}")
    print(f"{'us per batch':>14} {'share':>6} {'times':>6}  statement")
    for text, spent in sorted(statements.seconds.items(), key=lambda item: -item[1]):
        if spent < NEGLIGIBLE * tally.elapsed_s:
            continue
        per_batch = 1e6 * spent / tally.batches
        times = statements.count[text] / tally.batches
        print(f"{per_batch:14,.0f} {spent / tally.elapsed_s:6.1%} {times:6.1f}  {text}")
    rest = tally.elapsed_s - sum(statements.seconds.values())
    print(f"{1e6 * rest / tally.batches:14,.0f} {rest / tally.elapsed_s:6.1%} {'':6}  Python between them")

    profiler = cProfile.Profile()
    profiler.enable()
    tally = trade(market, flow, batch=batch, seconds=seconds)
    profiler.disable()
    _print_groups(profiler, tally.batches)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(35)


def _print_groups(profiler: cProfile.Profile, batches: int) -> None:
    spent: dict[str, float] = defaultdict(float)
    entries: dict[tuple[str, int, str], tuple[Any, ...]] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    for (file, _, function), (_, _, own, _, callers) in entries.items():
        if file != "~" or not callers:
            spent[_group(file, function)] += own
            continue
        group = _group(file, function)
        for (caller_file, _, caller), (_, _, own_here, _) in callers.items():
            spent[group if group != "other" else _group(caller_file, caller)] += own_here
    total = sum(spent.values())
    print("\nOwn time by kind of work, under the profiler (which slows Python, not PostgreSQL)")
    for group, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{1e6 * seconds / batches:14,.0f} us per batch {seconds / total:6.1%}  {group}")


def _group(file: str, function: str) -> str:
    place = f"{file}:{function}"
    return next((name for name, marks in GROUPS if any(mark in place for mark in marks)), "other")

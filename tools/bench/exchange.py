"""The benchmarks: orders beside pgbench, HTTP beside a view that does nothing, events beside a peer, a grown platform.

    python -m opinion_market.platform.throwaway -- python -m tools.bench.exchange

Prints tables, writes var/bench/*.json and the results in docs/benchmarks.md. With --profile it prints where the
time of one trading thread goes instead. Its databases must be throw-away ones: it fills them.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import django
from django.core.management import call_command

from opinion_market.settings.env import BASE_DIR, choose_settings_module, read_environment

choose_settings_module()
django.setup()

# Models may be imported only once Django is set up.
from tools.bench import eventstore, growth, http, machine, report, sequencer  # noqa: E402
from tools.bench.audit import audit  # noqa: E402
from tools.bench.pgbench import PgBench, drop_database, recreate_database  # noqa: E402
from tools.bench.profile import profile  # noqa: E402

PGBENCH_DATABASE = "bench_pgbench"
FOLDER = BASE_DIR / "var" / "bench"
PARTS = ["sequencer", "http", "eventstore", "growth"]
DOCUMENT = BASE_DIR / "docs" / "benchmarks.md"


def main(arguments: Sequence[str]) -> int:
    """Measure, report; the exit status says whether the books still hold."""
    options = _parser().parse_args(arguments)
    environment = read_environment()
    if environment.environment != "test":
        print("The benchmark fills the database it is given; run it by `make bench`.", file=sys.stderr)
        return 2
    call_command("migrate", verbosity=0)
    load = sequencer.Load(
        processes=options.processes,
        threads=options.threads,
        traders=options.traders,
        batch=options.batch,
        seconds=options.seconds,
        rounds=options.rounds,
    )
    if options.profile:
        profile(batch=load.batch, traders=load.traders, seconds=load.seconds)
        return 0
    url = environment.database_url
    result: dict[str, Any] = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    result["machine"] = machine.describe(url)
    if options.only in {None, "sequencer"}:
        try:
            yardstick = PgBench(recreate_database(url, PGBENCH_DATABASE))
            result["sequencer"] = sequencer.measure(load, yardstick)
        finally:
            drop_database(url, PGBENCH_DATABASE)
    if options.only in {None, "http"}:
        result["http"] = http.measure(seconds=options.seconds, rounds=options.rounds)
    if options.only in {None, "eventstore"}:
        try:
            peer = recreate_database(url, eventstore.DATABASE)
            result["eventstore"] = eventstore.measure(peer, seconds=options.seconds / 2, rounds=options.rounds)
        finally:
            drop_database(url, eventstore.DATABASE)
    if options.only in {None, "growth"}:
        try:
            empty = recreate_database(url, growth.EMPTY_DATABASE)
            scale = growth.Scale(markets=options.markets)
            result["growth"] = growth.measure(empty, scale, seconds=options.seconds / 2, rounds=options.rounds)
        finally:
            drop_database(url, growth.EMPTY_DATABASE)
    result["audit"] = audit()
    print(report.as_text(result))
    _write_json(result)
    if options.only is None:
        report.write_into(DOCUMENT, result)
    return 0


def _write_json(result: dict[str, Any]) -> None:
    """One file per part that was measured."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    frame = {name: value for name, value in result.items() if name not in PARTS}
    for part in PARTS:
        if part in result:
            (FOLDER / f"{part}.json").write_text(json.dumps({**frame, part: result[part]}, indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools.bench.exchange", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--seconds", type=float, default=8, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many rounds counts")
    parser.add_argument("--processes", type=int, default=4, help="trading processes")
    parser.add_argument("--threads", type=int, default=1, help="threads, each with a market, per process")
    parser.add_argument("--traders", type=int, default=200, help="accounts per process")
    parser.add_argument("--batch", type=int, default=64, help="orders per batch")
    parser.add_argument("--markets", type=int, default=1_000, help="of the grown platform, each with 1,000 events")
    parser.add_argument("--only", choices=PARTS, help="measure one part; the document stays")
    parser.add_argument("--profile", action="store_true", help="print where the time goes, and measure nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

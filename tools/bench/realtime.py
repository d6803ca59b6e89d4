"""The hub: its fan-out beside a bare Node server's, and how long a trade takes to reach those who watch.

    python -m opinion_market.platform.throwaway -- python -m tools.bench.realtime

Prints tables, writes var/bench/realtime.json and the section in docs/benchmarks.md. The fan-out needs Node, npm and two scripts
that are not part of the repository (`tools.bench.node`); without them only the second part is measured, and the document stays.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opinion_market.settings.env import BASE_DIR, choose_settings_module, read_environment
from tools.bench import fanout, machine, node, realtime_report, screen
from tools.bench.fanout import Crowd

OUTPUT = BASE_DIR / "var" / "bench" / "realtime.json"
DOCUMENT = BASE_DIR / "docs" / "benchmarks.md"
# As many frames a second in all as the thousand get, to five times as many.
MANY, MANY_RATE = 5_000, 12
# More than either server can send: what then?
SATURATING_RATE = 200
PARTS = ["fanout", "crowd", "saturated", "screen"]


def main(arguments: Sequence[str]) -> int:
    """Measure, report, write. The exit status is 0 even if Node is not there, which is said."""
    options = _parser().parse_args(arguments)
    choose_settings_module()
    parts = [options.only] if options.only else PARTS
    result: dict[str, Any] = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    result["machine"] = machine.describe(read_environment().database_url)
    if set(parts) - {"screen"}:
        try:
            result.update(_with_node(node.ready_node(options.scripts), parts, options))
        except node.NotThere as missing:
            print(missing, file=sys.stderr)
    if "screen" in parts:
        load = screen.Load(options.orders_per_s, options.screen_seconds, options.watchers, own=options.own)
        result["screen"] = screen.measure(load)
    print(realtime_report.as_text(result))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if all(part in result for part in PARTS):
        realtime_report.write_into(DOCUMENT, result)
    return 0


def _with_node(found: node.Node, parts: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    seconds, rounds = options.seconds, options.rounds
    crowds = {
        "fanout": Crowd(options.clients, options.rate, seconds, rounds),
        "crowd": Crowd(MANY, MANY_RATE, seconds, rounds),
        "saturated": Crowd(options.clients, SATURATING_RATE, seconds, 1),
    }
    return {name: fanout.measure(found, crowd) for name, crowd in crowds.items() if name in parts}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.bench.realtime", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=60, help="frames a second to each client")
    parser.add_argument("--seconds", type=int, default=10, help="length of each measurement of the fan-out")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many rounds counts")
    parser.add_argument("--orders-per-s", type=int, default=500, help="offered, of the second part")
    parser.add_argument("--screen-seconds", type=int, default=30, help="length of the second part")
    parser.add_argument("--watchers", type=int, default=32, help="sockets that watch the market")
    parser.add_argument(
        "--own", action=argparse.BooleanOptionalAction, default=True, help="they watch their orders, too"
    )
    parser.add_argument(
        "--scripts", type=Path, default=node.SCRIPTS, help="where ws_clients.js and ws_broadcast.js are"
    )
    parser.add_argument("--only", choices=PARTS, help="measure one part; the document stays")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One process that trades its own markets as fast as it can, for as long as each line on standard input says.

python -m tools.bench.worker '{"markets": [...], "accounts": [...], "batch": 64, "seed": 1}'

One thread per market: while one waits for PostgreSQL, another computes. Answers `ready`, then one JSON line per run.
"""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import django
from django.db import connection

django.setup()

# Models may be imported only once Django is set up.
from tools.bench.orders import OrderFlow  # noqa: E402
from tools.bench.trading import Tally, trade  # noqa: E402


def run(pool: ThreadPoolExecutor, flows: dict[str, OrderFlow], *, batch: int, seconds: float) -> Tally:
    """All markets at once, a thread each."""
    total = Tally()
    futures = [pool.submit(trade, market, flow, batch=batch, seconds=seconds) for market, flow in flows.items()]
    for future in futures:
        total.add(future.result())
    return total


def main(arguments: Sequence[str]) -> None:
    """Serve the lines of standard input until it ends."""
    job = json.loads(arguments[0])
    flows = {market: OrderFlow(job["accounts"], job["seed"] + index) for index, market in enumerate(job["markets"])}
    with ThreadPoolExecutor(len(flows)) as pool:
        run(pool, flows, batch=job["batch"], seconds=0.5)
        print("ready", flush=True)
        for line in sys.stdin:
            tally = run(pool, flows, batch=job["batch"], seconds=float(line))
            print(json.dumps(asdict(tally)), flush=True)
        for _ in flows:
            pool.submit(connection.close)


if __name__ == "__main__":
    main(sys.argv[1:])

"""A soak of the hub: clients come and go for a long time, and the memory of its process must not grow.

python -m opinion_market.platform.throwaway -- python -m tools.soak.realtime --minutes 30

Trades, connects, and every --interval seconds prints one line: the memory of uvicorn, and what the clients have done so
far. Writes var/soak/realtime.json. The exit status is 1 if memory grew (tools/soak/memory.py has the criterion) or the
process ended.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import django
import psutil

from opinion_market.settings.env import choose_settings_module

choose_settings_module()
django.setup()

# Models may be imported only once Django is set up.
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from governance.identity.services import create_api_key  # noqa: E402
from opinion_market.kernel import clock  # noqa: E402
from tools.bench.machine import describe  # noqa: E402
from tools.bench.venue import Venue, make_venue  # noqa: E402
from tools.soak.clients import Crowd  # noqa: E402
from tools.soak.memory import ALLOWED_MIB, Sample, judge, sample  # noqa: E402
from tools.soak.server import Uvicorn  # noqa: E402
from tools.soak.trading import Floor  # noqa: E402

OUTPUT = Path("var/soak/realtime.json")
MARKETS, TRADERS = 6, 12


def main(arguments: Sequence[str]) -> int:
    """Run; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--interval", type=float, default=10.0, help="Seconds between two samples.")
    parser.add_argument("--clients", type=int, default=60, help="At a time.")
    parser.add_argument("--stays", type=float, default=4.0, help="Seconds a client stays on average.")
    parser.add_argument("--orders", type=float, default=10.0, help="A second.")
    parser.add_argument("--allowed-mib", type=float, default=ALLOWED_MIB)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    logging.disable(logging.INFO)  # a line per request would be all there is to read
    call_command("migrate", verbosity=0)
    venue = make_venue(markets=MARKETS, traders=TRADERS)
    machine = describe(settings.ENV.database_url)
    server = Uvicorn({"LOG_LEVEL": "WARNING"})
    server.start()
    try:
        with Floor(venue, options.orders, seed=1) as floor:
            samples, counts = asyncio.run(_soak(server, venue, options))
    finally:
        server.stop()
    verdict = judge(samples, allowed_mib=options.allowed_mib)
    result = {
        "machine": machine,
        "minutes": options.minutes,
        "clients": options.clients,
        "orders": floor.orders,
        "counts": counts,
        "verdict": {**asdict(verdict), "is_flat": verdict.is_flat},
        "samples": [asdict(each) for each in samples],
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: result[name] for name in ("orders", "counts", "verdict")}, indent=1))
    return 0 if verdict.is_flat else 1


async def _soak(server: Uvicorn, venue: Venue, options: argparse.Namespace) -> tuple[list[Sample], dict[str, int]]:
    keys = await asyncio.to_thread(_keys, venue)
    crowd = Crowd(server.port, keys, venue.market_ids, size=options.clients, stays_s=options.stays, seed=2)
    running = asyncio.create_task(crowd.run())
    process = psutil.Process(server.pid)
    samples: list[Sample] = []
    began = time.monotonic()
    while (past_s := time.monotonic() - began) < options.minutes * 60:
        await asyncio.wait([running], timeout=options.interval)
        if running.done():  # it never ends by itself but with what was not anticipated
            await running
        samples.append(await asyncio.to_thread(sample, process, past_s + options.interval))
        print(f"{asdict(samples[-1])} {dict(crowd.counts)}", flush=True)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return samples, dict(crowd.counts)


def _keys(venue: Venue) -> list[str]:
    """One of each trader's, which may trade."""
    return [create_api_key(actor=trader, name="soak", scope="trade", now=clock.now())[1] for trader in venue.traders]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

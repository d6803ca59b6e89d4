"""A process that fills markets, loads them and times orders on them, as each JSON line on standard input asks.

python -m tools.bench.growth_worker '{"markets": [...], "accounts": [...], "seed": 1}'

Answers `ready`, then one JSON line per request: {"do": "fill", ...}, {"do": "warm"} or {"do": "time", ...}.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import django
from django.db import connection

django.setup()

# Models may be imported only once Django is set up.
from markets.engine.orders import NewOrder  # noqa: E402
from markets.trading.commands import ExpireOrders, PlaceOrder  # noqa: E402
from markets.trading.sequencer import submit  # noqa: E402
from markets.trading.session import Cause  # noqa: E402
from opinion_market.kernel.ids import uuid7_text  # noqa: E402
from tools.bench.orders import OrderFlow  # noqa: E402

FILL_BATCH = 250
# The flow's own orders stay between 700 and 9,300 units; these rest beyond, for good.
FAR = 600

_CAUSE = Cause("benchmark", uuid7_text())


class Floor:
    """The markets this process trades."""

    def __init__(self, markets: list[str], accounts: Sequence[int], seed: int) -> None:
        self._markets = markets
        self._accounts = accounts
        self._random = Random(seed)
        self._flows = {market: OrderFlow(accounts, seed + index) for index, market in enumerate(markets)}

    def fill(self, *, resting: int, events: int) -> dict[str, Any]:
        """In each market, so many orders that rest far from its price and, with those, so many orders in all."""
        for market, flow in self._flows.items():
            self._place(market, [self._far_order(index) for index in range(resting)])
            self._place(market, flow.batch(max(0, events - resting)))
        return {}

    def _place(self, market: str, commands: list[PlaceOrder]) -> None:
        for start in range(0, len(commands), FILL_BATCH):
            for outcome in submit(market, commands[start : start + FILL_BATCH]):
                outcome.unwrap()

    def _far_order(self, index: int) -> PlaceOrder:
        away = 1 + index % FAR
        is_buy = index % 2 == 0
        order = NewOrder(
            id=uuid7_text(),
            account=self._accounts[index % len(self._accounts)],
            outcome=0,
            is_buy=is_buy,
            price=away if is_buy else 10_000 - away,
            quantity=1 + index % 20,
        )
        return PlaceOrder(cause=_CAUSE, order=order)

    def warm(self) -> dict[str, Any]:
        """Bring every market into memory; how long each took in ms, and what the process grew by."""
        before, took = _resident_bytes(), []
        for market in self._markets:
            started = time.perf_counter()
            submit(market, [ExpireOrders(cause=_CAUSE)])
            took.append(1e3 * (time.perf_counter() - started))
        return {"load_ms": took, "grown_bytes": _resident_bytes() - before}

    def time(self, *, batch: int, spread: bool, seconds: float) -> dict[str, Any]:
        """Microseconds an order costs, placed in batches of so many: on one market, or on one drawn anew for each batch."""
        orders, spent = 0, 0.0
        until = time.perf_counter() + seconds
        while (now := time.perf_counter()) < until:
            market = self._random.choice(self._markets) if spread else self._markets[0]
            commands = self._flows[market].batch(batch)
            now = time.perf_counter()
            for outcome in submit(market, commands):
                outcome.unwrap()
            spent += time.perf_counter() - now
            orders += batch
        return {"us_per_order": 1e6 * spent / orders, "orders": orders}


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def main(arguments: Sequence[str]) -> None:
    """Serve the lines of standard input until it ends."""
    floor = Floor(**json.loads(arguments[0]))
    deeds: dict[str, Callable[..., dict[str, Any]]] = {"fill": floor.fill, "warm": floor.warm, "time": floor.time}
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(deeds[asked.pop("do")](**asked)), flush=True)
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1:])

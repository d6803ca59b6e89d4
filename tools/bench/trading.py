"""Trading one market as fast as the sequencer takes batches, and counting."""

import time
from dataclasses import dataclass

from markets.trading.sequencer import submit
from tools.bench.orders import OrderFlow


@dataclass(slots=True)
class Tally:
    """What was done: orders accepted and durable, those of them that traded on arrival, trades, refusals, batches."""

    orders: int = 0
    crossing: int = 0
    trades: int = 0
    refused: int = 0
    batches: int = 0
    elapsed_s: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add what another thread did at the same time."""
        self.orders += other.orders
        self.crossing += other.crossing
        self.trades += other.trades
        self.refused += other.refused
        self.batches += other.batches
        self.elapsed_s = max(self.elapsed_s, other.elapsed_s)


def trade(market_id: str, flow: OrderFlow, *, batch: int, seconds: float) -> Tally:
    """Place batches until the time is up; each is durable when counted. Building the commands is part of the time."""
    tally = Tally()
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for outcome in submit(market_id, flow.batch(batch)):
            if outcome.error is not None:
                tally.refused += 1
                continue
            fills = outcome.unwrap()["fills"]
            tally.orders += 1
            tally.trades += len(fills)
            tally.crossing += bool(fills)
        tally.batches += 1
    tally.elapsed_s = time.perf_counter() - started
    return tally

"""`manage.py simulate`: traders with different information keep the demonstration's markets alive."""

import signal
from argparse import ArgumentParser, ArgumentTypeError
from types import FrameType

from django.core.management.base import BaseCommand, CommandError

from markets.simulation.run import NothingToSimulate, Simulation
from opinion_market.kernel.clock import now


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1_000:
        raise ArgumentTypeError("must be above 0 and at most 1000 a second")
    return rate


class Command(BaseCommand):
    help = "Let simulated traders trade on the demonstration's markets until stopped (Ctrl-C or SIGTERM)."
    # The platform starts this beside the web servers, which have checked everything.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rate", type=_rate, default=3.0, help="Traders acting per second (default 3).")
        parser.add_argument("--seconds", type=float, help="Stop after this time; default: when stopped.")
        parser.add_argument("--seed", type=int, default=0, help="Of the random numbers (default 0).")

    def handle(self, *, rate: float, seconds: float | None, seed: int, **options: object) -> None:
        simulation = Simulation(rate, seed, now)

        def stop(_number: int, _frame: FrameType | None) -> None:
            simulation.stop.set()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            tally = simulation.run(seconds=seconds)
        except NothingToSimulate as error:
            raise CommandError(error.message) from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        self.stdout.write(f"{tally.orders:,} orders, {tally.fills:,} fills, {tally.refused:,} refused.")

"""`manage.py run_subscriptions`: do by hand what the periodic task does."""

import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from opinion_market.eventstore import subscriptions
from opinion_market.kernel.clock import now

_PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Give new events to the subscriptions: until interrupted, or (--once) until all are up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Stop when all are up to date or the time is over.")
        parser.add_argument("--seconds", type=float, default=60.0, help="The time one round may take (default 60).")

    def handle(self, *, once: bool, seconds: float, **options: object) -> None:
        try:
            while True:
                outcomes = subscriptions.run_all(clock=now, seconds=seconds)
                if once:
                    break
                time.sleep(_PAUSE_SECONDS)
        except KeyboardInterrupt:
            return
        for name, outcome in outcomes.items():
            self.stdout.write(f"{name}: {outcome.value}")

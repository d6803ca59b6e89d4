"""`manage.py seal_events`: do by hand what the hourly task does."""

from django.core.management.base import BaseCommand

from opinion_market.eventstore.sealing import seal_events
from opinion_market.kernel.clock import now


class Command(BaseCommand):
    help = "Seal the events that are new. Safe to repeat; the platform does it every hour."

    def handle(self, **options: object) -> None:
        seals = seal_events(now=now())
        for seal in seals:
            self.stdout.write(f"Seal {seal.number} over {seal.events:,} events has the root {bytes(seal.root).hex()}.")
        if not seals:
            self.stdout.write("Nothing is new, or another process is sealing.")

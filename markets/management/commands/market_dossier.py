"""`manage.py market_dossier`: a market's whole story as JSON, however long its stream."""

from argparse import ArgumentParser
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from markets.lifecycle.models import Market
from markets.lifecycle.resolution.dossier import dossier
from opinion_market.api.json import dump
from opinion_market.kernel.clock import now


class Command(BaseCommand):
    help = "Print a market's dossier as JSON, with names, replaying its stream from the first event."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("market", type=UUID, help="The market's id.")
        parser.add_argument("--public", action="store_true", help="With aliases, as everybody may read it.")

    def handle(self, *, market: UUID, public: bool, **options: object) -> None:
        found = Market.objects.filter(pk=market).first()
        if found is None:
            raise CommandError("There is no market with this id.")
        document = dossier(market=found, reader=None, shows_people=not public, now=now(), most_events=None)
        self.stdout.write(dump(document).decode())

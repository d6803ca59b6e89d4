"""`manage.py rotate_seal_key`: a new key for the setting SEAL_KEY, or the public keys there are."""

import secrets
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from opinion_market.eventstore.models import SealKey
from opinion_market.eventstore.seal_keys import signing_key


class Command(BaseCommand):
    help = "Print a new SEAL_KEY (the platform cannot set it itself), or with --list the public keys known so far."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--list", action="store_true", dest="listed", help="List the public keys; make none.")

    def handle(self, *, listed: bool, **options: object) -> None:
        if listed:
            present = signing_key().id
            for key in SealKey.objects.all():
                mark = "  (present)" if key.pk == present else ""
                self.stdout.write(f"{key.pk}  {bytes(key.public_key).hex()}  since {key.introduced_at:%Y-%m-%d}{mark}")
            return
        self.stdout.write(f"SEAL_KEY={secrets.token_urlsafe(32)}")
        self.stderr.write(
            "Give this to every process in place of the old one (under make run: seal_key in secrets.json), restart, and "
            "run manage.py seal_events. The old public key stays known, and old seals keep verifying."
        )

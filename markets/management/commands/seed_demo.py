"""`manage.py seed_demo`: two organizations with people, money and a market in every state."""

import sys
from argparse import ArgumentParser

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from governance.identity.models import User
from markets.simulation import demo
from markets.simulation.tenants import TENANTS
from opinion_market.kernel.clock import now


class Command(BaseCommand):
    help = "Make the demonstration, or what is missing of it. Safe to repeat and to interrupt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--admin", default="admin", help="The administrator who joins the demonstration (admin).")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="Read a password for all users of the demonstration from standard input; without it none can sign in.",
        )

    def handle(self, *, admin: str, password_stdin: bool, **options: object) -> None:
        password = self._password() if password_stdin else None
        changed = demo.seed(clock=now, admin=User.objects.filter(username__iexact=admin).first())
        if password is not None:
            for user in User.objects.filter(username__in=[name for tenant in TENANTS for name in tenant.people]):
                user.set_password(password)
                user.save(update_fields=["password"])
        self.stdout.write(f"{changed} markets made or taken further." if changed else "unchanged")

    def _password(self) -> str:
        password = sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password

"""Make sure that somebody can sign in to the console of a new installation."""

from argparse import ArgumentParser

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from governance.identity.user_events import record_user_created
from opinion_market.kernel.clock import now
from opinion_market.settings.env import read_environment


class Command(BaseCommand):
    """Create a superuser with the password in ADMIN_PASSWORD; one that exists is left alone.

    Prints `created`, `unchanged`, or `password differs` when the user exists with another password.
    """

    help = "Create the first administrator with the password in ADMIN_PASSWORD, unless the user exists."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default="admin")

    @transaction.atomic
    def handle(self, *args: object, username: str, **options: object) -> None:
        password = read_environment().admin_password
        if not password:
            raise CommandError("ADMIN_PASSWORD is not set; it becomes the administrator's password.")
        users = get_user_model()
        user = users.objects.filter(username__iexact=username).first()
        if user is None:
            created = users.objects.create_superuser(username=username, password=password)
            record_user_created(actor=None, user=created, now=now())
            self.stdout.write("created")
        else:
            self.stdout.write("unchanged" if user.check_password(password) else "password differs")

"""Bring database, static files and demonstration up to date, in one process: loading Django costs more than most steps do.

Prints `step: ...` before each step, for the supervisor to show, and `admin: ...` with what `ensure_admin` answered.
"""

import argparse
import io
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from opinion_market.platform.report import ADMIN_ANSWER, STEP
from opinion_market.platform.static_files import StaticFiles
from opinion_market.settings.env import SettingsError, choose_settings_module


def main() -> int:
    """Take the steps; return the exit status."""
    parser = argparse.ArgumentParser(prog="prepare")
    parser.add_argument(
        "--admin", help="create this administrator, with the password in ADMIN_PASSWORD, and seed the demo"
    )
    admin = parser.parse_args().admin
    try:
        choose_settings_module()
        django.setup()
        _prepare(admin)
    except (SettingsError, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _prepare(admin: str | None) -> None:
    _say(STEP + "Migrating the database")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("prepare_mesh")
    static = StaticFiles(settings.STATIC_ROOT)
    if not static.current():
        _say(STEP + "Collecting static files")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        static.mark_current()
    if admin is not None:
        answer = io.StringIO()
        call_command("ensure_admin", username=admin, stdout=answer)
        _say(ADMIN_ANSWER + answer.getvalue().strip())
        _say(STEP + "Seeding the demonstration")
        call_command("seed_demo")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())

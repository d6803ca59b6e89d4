#!/usr/bin/env python
"""Django's command line, with one clear sentence instead of a traceback when a setting is wrong."""

import sys

from opinion_market.settings.env import SettingsError, choose_settings_module


def main() -> None:
    try:
        choose_settings_module()
        from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings must be chosen first

        execute_from_command_line(sys.argv)
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

"""Which browser the tests drive: the one that is installed. Nothing is downloaded here (`tools/chromium.sh` installs it)."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "No Chromium is installed: as root run tools/chromium.sh, or name one with CHROMIUM=/path/to/chromium."


def installed_chromium() -> str | None:
    """The program's path; None where there is no Chromium or Chrome."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)

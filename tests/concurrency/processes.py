"""Other processes that work on the test's own database."""

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection


def environment() -> dict[str, str]:
    """This process's environment, pointing at the database the tests made for themselves."""
    name = connection.settings_dict["NAME"]
    url = urlsplit(settings.ENV.database_url)._replace(path=f"/{name}").geturl()
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "opinion_market.settings.test"}


def start_module(module: str, job: dict[str, Any], **streams: Any) -> subprocess.Popen[str]:
    """Run `python -m module` with the job as its argument, its output to be read here."""
    return subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(job)],
        env=environment(),
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **streams,
    )

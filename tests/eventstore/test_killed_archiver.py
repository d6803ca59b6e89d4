"""Killed at any line, archiving loses no event and shows none twice; the next run finishes the work."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from tests.eventstore.killed_archiver import EVENTS, KILLS, STREAMS

pytestmark = pytest.mark.slow


@pytest.fixture
def own_database() -> Iterator[str]:
    """The address of an empty database on the test run's server."""
    server = os.environ["DATABASE_URL"]
    name = f"archiver_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_killed_at_every_step_it_loses_nothing(own_database: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.eventstore.killed_archiver", str(tmp_path)],
        env={**os.environ, "DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "opinion_market.settings.test"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    steps = [json.loads(line) for line in result.stdout.splitlines()]
    assert [step["killed"] for step in steps] == [*KILLS, "nothing"]
    total = EVENTS * len(STREAMS)
    for step in steps:
        assert step["ended"] == (0 if step["killed"] == "nothing" else signal.SIGKILL), step
        assert step["read"] == [list(range(1, EVENTS + 1))] * len(STREAMS), step
        assert step["intact"], step
        assert step["rows"] + step["archived"] == total, step
        assert step["missing_files"] == [], step
    by_name = {step["killed"]: step for step in steps}
    assert by_name["before_the_commit"]["archived"] == 0
    assert by_name["between_two_files"]["archived"] == 10
    assert by_name["nothing"]["rows"] == len(STREAMS)

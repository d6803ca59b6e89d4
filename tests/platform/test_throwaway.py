"""A command runs beside servers of its own, and nothing of them stays."""

import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from opinion_market.settings.env import BASE_DIR
from tests.platform.processes import eventually, mentioning

THROWAWAY = (sys.executable, "-m", "opinion_market.platform.throwaway", "--")
SHOW_URLS = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT setting FROM pg_settings WHERE name = 'fsync'").fetchone()[0])
print(redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
print(os.environ["DATABASE_URL"], flush=True)
"""


def folder_of(database_url: str) -> Path:
    return Path(parse_qs(urlsplit(database_url).query)["host"][0]).parent


def start(environment: dict[str, str], program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*THROWAWAY, sys.executable, "-c", program],
        env=environment,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def folder_once_running(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    assert process.stdout.readline() == "True\n"
    return folder_of(process.stdout.readline().strip())


def test_the_command_reaches_durable_servers_that_vanish_with_it(clean_environment: dict[str, str]) -> None:
    with start(clean_environment, SHOW_URLS) as process:
        folder = folder_once_running(process)
    assert process.returncode == 0
    assert not folder.exists()
    assert not mentioning(str(folder))


@pytest.mark.parametrize("status", [0, 1, 7])
def test_the_exit_status_is_the_commands(clean_environment: dict[str, str], status: int) -> None:
    with start(clean_environment, f"raise SystemExit({status})") as process:
        pass
    assert process.returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_its_servers(clean_environment: dict[str, str], number: signal.Signals) -> None:
    with start(clean_environment, SHOW_URLS + "import time; time.sleep(60)") as process:
        folder = folder_once_running(process)
        process.send_signal(number)
    assert process.returncode != 0
    assert not folder.exists()
    assert not mentioning(str(folder))


def test_even_a_killed_runner_leaves_no_process(clean_environment: dict[str, str]) -> None:
    with start(clean_environment, SHOW_URLS + "import time; time.sleep(60)") as process:
        folder = folder_once_running(process)
        process.kill()
        assert eventually(lambda: not mentioning(str(folder)))


def test_the_next_run_removes_what_a_killed_one_left(clean_environment: dict[str, str]) -> None:
    with start(clean_environment, SHOW_URLS + "import time; time.sleep(60)") as process:
        abandoned = folder_once_running(process)
        process.kill()
    assert eventually(lambda: not mentioning(str(abandoned)))
    with start(clean_environment, SHOW_URLS) as process:
        folder_once_running(process)
        assert not abandoned.exists()


def test_servers_that_are_named_already_are_used_and_none_is_started(clean_environment: dict[str, str]) -> None:
    named = {"DATABASE_URL": "postgresql://elsewhere/markets", "REDIS_URL": "redis://elsewhere"}
    program = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
    with start({**clean_environment, **named}, program) as process:
        assert process.stdout is not None
        assert process.stdout.read().split() == list(named.values())


def test_a_command_that_does_not_exist_is_named(clean_environment: dict[str, str]) -> None:
    result = subprocess.run(
        [*THROWAWAY, "/no/such/command"],  # by its path: a search of PATH may end in another error
        env=clean_environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == "/no/such/command cannot be run: No such file or directory.\n"

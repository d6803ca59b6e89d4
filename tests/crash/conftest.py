"""A PostgreSQL server of the tests' own, to be killed; and the process that writes to it."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from opinion_market.platform import process
from opinion_market.platform.instance import temporary_folder
from opinion_market.platform.postgres import EmbeddedPostgres


class Server:
    """A durable PostgreSQL that can be killed and started again on its data."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "data", folder / "postgres", folder / "postgres.log")
        self._running = self.postgres.start()

    def stop_immediately(self) -> None:
        """What `pg_ctl stop -m immediate` does: every process ends at once, without a checkpoint."""
        self._running.popen.send_signal(signal.SIGQUIT)
        self._running.end(patience_s=20)

    def kill_all_processes(self) -> None:
        """As if the power failed, as far as a process can tell."""
        os.killpg(self._running.popen.pid, signal.SIGKILL)
        self._running.end(patience_s=20)

    def restart(self) -> None:
        """Start again on the same data, which begins with recovery."""
        self._running = self.postgres.start()

    def kill_a_backend(self) -> None:
        """Kill one busy backend with SIGKILL; the server then ends all others and recovers, which is waited for."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend' ORDER BY state = 'active' DESC, pid LIMIT 1"
            ).fetchone()
            assert row is not None, "the writer has no backend"
            os.kill(row[0], signal.SIGKILL)
            deadline = time.monotonic() + 30
            while self._answers(connection):  # until this connection has been ended with all others
                assert time.monotonic() < deadline, "the server did not notice that a backend was killed"
                time.sleep(0.01)
        while not self._accepts():
            assert time.monotonic() < deadline, "the server did not recover"
            time.sleep(0.02)

    @staticmethod
    def _answers(connection: psycopg.Connection) -> bool:
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.postgres.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop it for good."""
        process.stop([self._running], patience_s=10)


class Host:
    """tests.crash.host on a server, spoken to line by line."""

    def __init__(self, url: str) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "opinion_market.settings.test",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LOG_LEVEL": "ERROR",  # the sequencer warns of each lost connection, which is what is done to it here
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.host"],
            env=environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, name: str, **job: Any) -> dict[str, Any]:
        """Have it done; its answer. Fails the test if it raised (what, is on the test's stderr)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": name, **job}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "failed" not in answer, f"{name} failed: see the captured stderr"
        return answer

    def stop(self) -> None:
        """End it and whatever it forked."""
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="opinion-market-crash-", dir=temporary_folder()))
    folder.chmod(0o711)  # PostgreSQL may run as another user than this one
    running = Server(folder)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def host(server: Server) -> Iterator[Host]:
    running = Host(server.postgres.url)
    try:
        running.do("migrate")
        yield running
    finally:
        running.stop()

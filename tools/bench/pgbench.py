"""The yardstick: pgbench's own TPC-B-like transaction, on the same server, a moment before and after."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from opinion_market.platform import binaries
from opinion_market.platform.postgres import SUPERUSER

# pgbench's documentation: the scale should be at least the number of clients, or they wait for one another's rows.
SCALE = 10
CLIENTS = 8
THREADS = 2


class PgBench:
    """pgbench in a database of its own."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url

    def prepare(self) -> None:
        """Fill its tables: 100,000 accounts per unit of scale."""
        self._pgbench("--initialize", "--quiet", f"--scale={SCALE}")

    def run(self, seconds: float) -> float:
        """Transactions per second, connections' establishment not counted."""
        output = self._pgbench(f"--client={CLIENTS}", f"--jobs={THREADS}", f"--time={max(1, round(seconds))}")
        found = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"pgbench printed no rate:\n{output}")
        return float(found[1])

    def _pgbench(self, *options: str) -> str:
        # The connection string stands where a database name may.
        command = [str(binaries.postgresql("pgbench")), *options, self.url]
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"pgbench failed:\n{result.stderr}")
        return result.stdout


@contextmanager
def slower_flushes(url: str, microseconds: int) -> Iterator[None]:
    """A server whose every flush of the log takes so much longer, as on a slower disk.

    PostgreSQL's own `commit_delay`: whoever flushes for a group of commits waits first, and those that arrive meanwhile join it,
    as they would while a disk works. Only the embedded server's superuser may set it; raises psycopg.Error on other servers.
    """
    superuser = urlsplit(url)._replace(netloc=f"{SUPERUSER}@", path="/postgres").geturl()
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET commit_delay = {int(microseconds)}")
        connection.execute("ALTER SYSTEM SET commit_siblings = 0")
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("ALTER SYSTEM RESET commit_delay")
            connection.execute("ALTER SYSTEM RESET commit_siblings")
            connection.execute("SELECT pg_reload_conf()")


def with_database(url: str, name: str) -> str:
    """The same server's URL for another database."""
    parts = urlsplit(url)
    return parts._replace(path=f"/{name}").geturl()


def recreate_database(url: str, name: str) -> str:
    """An empty database of that name on the same server; its URL."""
    drop_database(url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return with_database(url, name)


def drop_database(url: str, name: str) -> None:
    """Remove a database of the benchmark's."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

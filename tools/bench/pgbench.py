"""The yardstick: pgbench's own TPC-B-like transaction, on the same server, a moment before and after."""

import re
import subprocess
from urllib.parse import urlsplit

import psycopg

from opinion_market.platform import binaries

# pgbench's documentation: the scale should be at least the number of clients, or they wait for one another's rows.
SCALE = 10
CLIENTS = 8
THREADS = 2


class PgBench:
    """pgbench in a database of its own."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

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
        command = [str(binaries.postgresql("pgbench")), *options, self._url]
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"pgbench failed:\n{result.stderr}")
        return result.stdout


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

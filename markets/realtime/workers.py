"""Threads that read the database for the hub, so that its event loop never waits for PostgreSQL."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from django.db import close_old_connections, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")

THREADS = 4


class Workers:
    """A few threads, each with a database connection of its own."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hub", initializer=self._remember_connection)
        self._opened: list[BaseDatabaseWrapper] = []
        self._lock = Lock()

    async def run(self, read: Callable[..., T], *arguments: Any) -> T:
        """Call it in a thread, where it may use the ORM."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _reading, read, arguments)

    def close(self) -> None:
        """Wait for what is running and close the connections."""
        self._pool.shutdown(wait=True)
        for opened in self._opened:
            opened.inc_thread_sharing()
            opened.close()

    def _remember_connection(self) -> None:
        with self._lock:
            self._opened.append(connections[connection.alias])


def _reading(read: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    close_old_connections()
    return read(*arguments)

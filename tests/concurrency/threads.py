"""Threads that start together and close their database connections."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(work: Iterable[Callable[[], Result]], *, seconds: float = 60) -> list[Result]:
    """Run each piece of work in a thread of its own, all let go at the same moment; results in the order given.

    Raises the first exception of any, and TimeoutError if one does not end.
    """
    pieces = list(work)
    start = Barrier(len(pieces))

    def run(piece: Callable[[], Result]) -> Result:
        try:
            start.wait(seconds)
            return piece()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(pieces)) as pool:
        return [future.result(seconds) for future in [pool.submit(run, piece) for piece in pieces]]

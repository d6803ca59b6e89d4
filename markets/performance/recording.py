"""Writing down what a process counted: once a second, by a thread of its own, on a database connection of its own.

The order path only adds to the counts in memory. What cannot be written is kept and written with the next second; a process that
ends loses the counts of its last second, which are figures and no records.
"""

import logging
import os
import socket
from dataclasses import fields
from datetime import datetime, timedelta
from threading import Lock, Thread
from time import sleep, time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from markets.performance.models import ExchangeSecond
from markets.performance.tally import Meter, Tally
from opinion_market.kernel import clock

log = logging.getLogger(__name__)

SECOND = timedelta(seconds=1)


class Recorder:
    """A process's meter and the thread that empties it, started with the first batch."""

    def __init__(self) -> None:
        self.meter = Meter()
        self._starting = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Have the counts written from now on, if the settings say so."""
        with self._starting:
            if self._thread is None and settings.RECORD_EXCHANGE_FIGURES:
                self._thread = Thread(target=self._record_for_ever, name="exchange-figures", daemon=True)
                self._thread.start()

    @property
    def is_started(self) -> bool:
        return self._thread is not None

    def _record_for_ever(self) -> None:
        while True:
            sleep(1 - time() % 1)
            try:
                # The second that has just ended; the thread may wake a moment late.
                if not record(self.meter, now=clock.now()):
                    connection.close()  # an idle process holds no connection for this
            except (DatabaseError, InterfaceError) as error:
                log.warning("Figures of the exchange were not written and are kept: %s", error)
                connection.close()


def record(meter: Meter, *, now: datetime) -> bool:
    """Write what was counted until now, as of the second before this one; whether there was anything.

    Raises django.db errors, having kept the counts. Its commit does not wait for the disk: the loss of a second is none of money.
    """
    taken = meter.take()
    if taken.is_empty:
        return False
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
            _row(taken, now.replace(microsecond=0) - SECOND).save(force_insert=True)
    except (DatabaseError, InterfaceError):
        meter.put_back(taken)
        raise
    return True


def _row(taken: Tally, at: datetime) -> ExchangeSecond:
    counts = {each.name: getattr(taken, each.name) for each in fields(taken)}
    return ExchangeSecond(at=at, process=f"{socket.gethostname()[:64]}:{os.getpid()}", **counts)


_recorder = Recorder()


def meter() -> Meter:
    """The process's meter. The first who asks has its thread started."""
    recorder = _recorder
    if not recorder.is_started:
        recorder.start()
    return recorder.meter


def _forget_parents_thread() -> None:
    global _recorder  # noqa: PLW0603 - a forked process has no threads, and its parent's counts are the parent's to write
    _recorder = Recorder()


os.register_at_fork(after_in_child=_forget_parents_thread)

"""Group commit: commands that arrive for a market while a batch of it is in flight form the next batch.

There is no sequencer thread. Of the threads that wait, one carries out the batch for all (flat combining; Hendler et al.,
SPAA 2010) on its own database connection, then hands over to the first that still waits. Any number of processes may
do so for the same market: the market's row lock orders them, and each catches up from the stream.
"""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from time import perf_counter_ns

from django.db import DatabaseError, IntegrityError, OperationalError, connection

from markets.performance.recording import meter
from markets.trading.batch import execute
from markets.trading.commands import Command, Outcome, PlaceOrder
from markets.trading.errors import OutcomeUnknown
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

# Beyond this a batch gains little per command, and the ones waiting for it lose.
MAX_BATCH = 500
# A deadlock cannot arise among batches (one lock order), but other writers of the database might cause one.
ATTEMPTS = 3


@dataclass(slots=True)
class _Group:
    """Commands one thread waits for, carried out in one batch. `failure`: the batch failed as a whole. `accepted_ns`: since when."""

    commands: Sequence[Command]
    outcomes: list[Outcome] | None = None
    failure: Exception | None = None
    wake: Event = field(default_factory=Event)
    accepted_ns: int = field(default_factory=perf_counter_ns)

    @property
    def is_done(self) -> bool:
        return self.outcomes is not None or self.failure is not None


class MarketQueue:
    """The commands that wait for one market in this process, and the right to carry out its next batch."""

    def __init__(self, market_id: str) -> None:
        self._market_id = market_id
        self._waiting: deque[_Group] = deque()
        self._leading = Lock()

    def submit(self, commands: Sequence[Command]) -> list[Outcome]:
        """Wait until the commands are carried out, in order and together. Raises what the batch as a whole raised."""
        group = _Group(commands)
        self._waiting.append(group)
        while not group.is_done:
            if self._leading.acquire(blocking=False):
                try:
                    if not group.is_done:
                        self._carry_out(self._next_batch())
                finally:
                    self._leading.release()
                    self._wake_next()
            else:
                group.wake.wait()
                group.wake.clear()
        if group.failure is not None:
            raise group.failure
        return group.outcomes or []

    def _wake_next(self) -> None:
        # After the release: a group queued before it is seen here, one queued after it finds the lock free.
        try:
            self._waiting[0].wake.set()
        except IndexError:
            return

    def _next_batch(self) -> list[_Group]:
        batch = [self._waiting.popleft()]
        size = len(batch[0].commands)
        while self._waiting and size + len(self._waiting[0].commands) <= MAX_BATCH:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].commands)
        return batch

    def _carry_out(self, batch: list[_Group]) -> None:
        commands = [command for group in batch for command in group.commands]
        # Whoever waits beside the one who carries this batch out, in it or after it.
        waiting, began_ns = len(batch) - 1 + len(self._waiting), perf_counter_ns()
        try:
            outcomes = _execute_with_retries(self._market_id, commands)
        except Exception as failure:  # every waiting thread must be told, whatever it was
            is_anticipated = isinstance(failure, DomainError)
            log.warning(
                "A batch of %s commands on market %s failed: %s",
                len(commands), self._market_id, type(failure).__name__, exc_info=not is_anticipated,
            )  # fmt: skip
            if len(batch) > 1 and not is_anticipated:
                for group in batch:  # one group's fault must not become its neighbours'
                    self._carry_out([group])
                return
            for group in batch:
                group.failure = failure
                group.wake.set()
            meter().failure(failure.code if isinstance(failure, DomainError) else "internal_error", len(commands))
            return
        done_ns = perf_counter_ns()
        start = 0
        for group in batch:
            group.outcomes = outcomes[start : start + len(group.commands)]
            start += len(group.commands)
            group.wake.set()
        # The others have their answers already; what is counted here costs nobody but the one who carried the batch out.
        orders, refusals = _results(commands, outcomes)
        meter().batch(
            arrivals=[(group.accepted_ns, len(group.commands)) for group in batch],
            began_ns=began_ns,
            done_ns=done_ns,
            waiting=waiting,
            orders=orders,
            refusals=refusals,
        )


def _results(commands: Sequence[Command], outcomes: Sequence[Outcome]) -> tuple[int, list[str]]:
    """How many orders were placed, answers given again left out, and the code of each refusal."""
    placed, refusals = 0, []
    for command, outcome in zip(commands, outcomes, strict=True):
        if outcome.error is not None:
            refusals.append(outcome.error.code)
        elif type(command) is PlaceOrder and not outcome.replayed:
            placed += 1
    return placed, refusals


def _execute_with_retries(market_id: str, commands: Sequence[Command]) -> list[Outcome]:
    """Carry out a batch, again if another writer broke it. Raises OutcomeUnknown when the database was lost."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return execute(market_id, commands, now=clock.now())
        except DomainError:
            raise
        except (IntegrityError, OperationalError) as error:
            # Two markets may store the same idempotency key at once: the second finds the first's answer when it repeats.
            if not connection.in_atomic_block and not connection.is_usable():
                connection.close()
                raise OutcomeUnknown from error
            if attempt == ATTEMPTS:
                raise
            log.warning("Batch on market %s: attempt %s failed: %s", market_id, attempt, error)
    raise DatabaseError("unreachable")


_queues: dict[str, MarketQueue] = {}


def submit(market_id: str, commands: Sequence[Command]) -> list[Outcome]:
    """Carry out commands on a market: one outcome each, durable on return.

    Must not be called inside a transaction. Raises MarketNotFound, OutcomeUnknown.
    """
    queue = _queues.setdefault(market_id, MarketQueue(market_id))
    return queue.submit(commands)

"""The simulation's loop: one thread that sleeps most of the time."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from threading import Event

from django.db import DatabaseError, InterfaceError, connection

from markets.simulation.cast import casts
from markets.simulation.rounds import Rounds
from markets.simulation.trading_floor import Tally, TradingFloor
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

TEND_EVERY_S = 5.0
_LONGEST_PAUSE_S = 2.0


class NothingToSimulate(DomainError):
    """The demonstration has not been seeded."""

    code = "nothing_to_simulate"
    title = "There is no demonstration here; run `manage.py seed_demo` first."


@dataclass(slots=True)
class Simulation:
    """Traders arriving at `rate` a second at random moments, as a Poisson process; and staff that looks in now and then.

    The same seed makes the same decisions in the same markets; when they happen depends on the clock.
    """

    rate: float
    seed: int
    clock: Callable[[], datetime]
    stop: Event = field(default_factory=Event)
    tally: Tally = field(default_factory=Tally)

    def run(self, *, seconds: float | None = None) -> Tally:
        """Trade until `stop` is set or the seconds are over. Raises NothingToSimulate.

        A database that is away for a while is waited for; nothing is left half-done, since each step is one transaction.
        """
        rng = Random(self.seed)
        found = casts()
        if not found:
            raise NothingToSimulate
        floors = [TradingFloor(cast, rng, self.seed, self.tally) for cast in found]
        rounds = [Rounds(cast, rng, self.seed) for cast in found]
        weights = [len(cast.traders) for cast in found]
        ends_at = None if seconds is None else time.monotonic() + seconds
        tend_at = time.monotonic()
        while not self.stop.is_set() and (ends_at is None or time.monotonic() < ends_at):
            try:
                if time.monotonic() >= tend_at:
                    self._tend(floors, rounds)
                    tend_at = time.monotonic() + TEND_EVERY_S
                rng.choices(floors, weights=weights)[0].act(now=self.clock())
            except (DatabaseError, InterfaceError):
                log.exception("The database does not answer; the simulation waits")
                connection.close()
                self.stop.wait(_LONGEST_PAUSE_S)
            self.stop.wait(min(rng.expovariate(self.rate), _LONGEST_PAUSE_S))
        return self.tally

    def _tend(self, floors: list[TradingFloor], rounds: list[Rounds]) -> None:
        for each in rounds:
            each.tend(now=self.clock())
        for floor in floors:
            floor.look_around()

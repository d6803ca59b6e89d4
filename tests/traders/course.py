"""Random trading in one market, with the events as the platform stores them, for the figures to be folded from."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from markets.analytics.traders.fold import Fold
from opinion_market.kernel.errors import DomainError
from tests.engine.desk import TRADERS, Desk, EventData
from tests.engine.flow import random_ask

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
MARKET = "0190a000-0000-7000-8000-000000000001"


@dataclass
class Happening:
    """An event with the time it was recorded."""

    type: str
    data: EventData
    at: datetime


class RecordedDesk(Desk):
    """A desk whose events carry the cash they moved, as the platform's do."""

    def __init__(self, **options: Any) -> None:
        self.happened: list[Happening] = []
        super().__init__(**options)

    def commit(self, type: str, data: EventData) -> EventData:
        committed = super().commit(type, data)
        cash = self.last_effects.as_data()
        at = START + timedelta(minutes=7 * len(self.happened))
        self.happened.append(Happening(type, {**committed, **({"cash": cash} if cash else {})}, at))
        return committed


@dataclass
class Trading:
    """Random commands on a desk, and the fold that follows each of its events."""

    rng: Random
    outcomes: int
    options: dict[str, Any]
    desk: RecordedDesk = field(init=False)
    fold: Fold = field(init=False)

    def __post_init__(self) -> None:
        self.desk = RecordedDesk(outcomes=self.outcomes, **self.options)
        self.fold = Fold(balances=dict.fromkeys(TRADERS, self.options.get("balance", 1_000_000)))
        self.seen = 0
        self.follow()

    def follow(self) -> None:
        for event in self.desk.happened[self.seen :]:
            self.fold.apply(MARKET, event.type, event.data, event.at)
        self.seen = len(self.desk.happened)

    def step(self) -> None:
        """One random command. A refused one changes nothing, but what was due may have expired before it."""
        rng, desk = self.rng, self.desk
        account, size = rng.choice(TRADERS), rng.randint(1, 9)
        draw = rng.random()
        if draw < 0.08:
            command = lambda: desk.mint(account, size)  # noqa: E731
        elif draw < 0.14:
            command = lambda: desk.merge(account, size)  # noqa: E731
        elif draw < 0.155:
            outcome, share = rng.randrange(self.outcomes), rng.randint(1, 9_999)

            def command() -> None:
                desk.split(outcome, share)
                self.outcomes += 1

        elif draw < 0.3 and desk.state.orders:
            chosen = desk.state.orders[rng.choice(sorted(desk.state.orders))]
            command = partial(
                desk.amend,
                chosen.id,
                chosen.account,
                price=rng.choice([None, rng.randint(3000, 7000)]),
                quantity=chosen.filled + chosen.cancelled + rng.randint(1, 9),
            )
        elif draw < 0.35 and desk.state.orders:
            chosen = rng.choice(sorted(desk.state.orders))
            command = lambda: desk.cancel(chosen)  # noqa: E731
        else:
            ask = random_ask(rng, self.outcomes)
            terms = ask.terms_at(desk.now_us)
            command = lambda: desk.order(ask.account, ask.side, ask.outcome, ask.price, ask.size, **terms)  # noqa: E731
        with suppress(DomainError):
            command()
        self.follow()

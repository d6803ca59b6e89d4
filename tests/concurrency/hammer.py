"""Traders and staff who do everything at once, for some seconds; run in several threads and processes.

python -m tests.concurrency.hammer '{"reference": {...}, "seed": 1, "threads": 8, "seconds": 3}'

Refusals are part of the game and counted; any other exception ends the thread and the test.
"""

import json
import sys
import time
from collections import Counter
from random import Random
from uuid import UUID

import django

django.setup()

# Models may be imported only once Django is set up; under pytest it is already.
from governance.identity.models import User  # noqa: E402
from markets.engine.placing import Amendment  # noqa: E402
from markets.ledger import services as ledger  # noqa: E402
from markets.lifecycle import services as lifecycle  # noqa: E402
from markets.lifecycle import splitting  # noqa: E402
from markets.lifecycle.models import Market  # noqa: E402
from markets.trading import services as trading  # noqa: E402
from markets.trading.commands import Outcome  # noqa: E402
from markets.trading.models import Order  # noqa: E402
from markets.trading.services import OrderRequest  # noqa: E402
from opinion_market.kernel import clock  # noqa: E402
from opinion_market.kernel.errors import DomainError  # noqa: E402
from tests.concurrency.arena import Arena, Reference, find_arena  # noqa: E402
from tests.concurrency.threads import at_once  # noqa: E402

Tally = Counter[str]


class Participant:
    """One thread's trader of the moment, market of the moment, and what it does there."""

    def __init__(self, arena: Arena, seed: int) -> None:
        self.arena = arena
        self.random = Random(seed)
        self.tally: Tally = Counter()
        self._orders: list[str] = []

    def act_for(self, seconds: float) -> Tally:
        """Act until the time is up: how often each action succeeded, and each refusal's code."""
        actions = [
            (self.place, 60), (self.place_many, 8), (self.cancel, 12), (self.cancel_all, 2), (self.mint, 5),
            (self.merge, 5), (self.amend, 15), (self.split, 1), (self.deposit, 3), (self.withdraw, 3), (self.halt_and_resume, 1),
        ]  # fmt: skip
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            [action] = self.random.choices([a for a, _ in actions], [weight for _, weight in actions])
            trader = self.random.choice(self.arena.traders)
            try:
                action(trader, self.random.choice(self.arena.markets))
                self.tally[action.__name__] += 1
            except DomainError as refused:
                self.tally[f"refused: {refused.code}"] += 1
        return self.tally

    def order(self) -> OrderRequest:
        """Any order: all sides, prices near the middle, all times in force, some by the taker's worst price only."""
        draw = self.random
        kinds = {"gtc": 52, "ioc": 10, "fok": 8, "post": 8, "market": 8, "gtd": 6, "reduce": 6, "budget": 4}
        kind = draw.choices(list(kinds), list(kinds.values()))[0]
        if kind == "budget":
            return OrderRequest(outcome=draw.randrange(2), side="buy", type="market", budget=draw.randint(1, 200_000))
        return OrderRequest(
            outcome=draw.randrange(2),
            side=draw.choice(["buy", "sell"]),
            quantity=draw.randint(1, 30),
            type="market" if kind == "market" else "limit",
            price=None if kind == "market" else draw.randint(4_700, 5_300),
            time_in_force={"market": "ioc", "post": "gtc", "reduce": "gtc"}.get(kind, kind),
            reduce_only=kind == "reduce",
            post_only=kind == "post",
            expires_at=clock.from_microseconds(clock.microseconds(clock.now()) + 300_000) if kind == "gtd" else None,
        )

    def place(self, trader: User, market: Market) -> None:
        outcome = trading.place_order(actor=trader, market_id=market.pk, request=self.order(), now=clock.now())
        self.note(outcome)

    def place_many(self, trader: User, market: Market) -> None:
        requests = [(self.random.choice(self.arena.markets).pk, self.order()) for _ in range(12)]
        for outcome in trading.place_orders(actor=trader, requests=requests, now=clock.now()):
            if outcome.error is None:
                self.note(outcome)

    def note(self, outcome: Outcome) -> None:
        """Remember an order that rests, for a later cancel. Raises the refusal."""
        reply = outcome.unwrap()
        if reply["status"] == "open":
            self._orders.append(reply["id"])

    def amend(self, trader: User, market: Market) -> None:
        """Other terms for an order placed in this thread, as its owner."""
        if self._orders:
            order = Order.objects.select_related("account__owner").get(pk=self.random.choice(self._orders))
            price = self.random.choice([None, self.random.randint(4_700, 5_300)])
            quantity = self.random.choice([None, self.random.randint(1, 30)])
            trading.amend_order(
                actor=order.account.owner, order_id=order.pk, amendment=Amendment(price=price, quantity=quantity)
            ).unwrap()

    def split(self, trader: User, market: Market) -> None:
        """A new outcome, where there is an "Other" to split it off from."""
        splitting.split_other(
            actor=self.arena.staff[0],
            market=market,
            label=f"New {self.random.random()}",
            share_bps=5_000,
            now=clock.now(),
        ).unwrap()

    def cancel(self, trader: User, market: Market) -> None:
        if self._orders:
            order_id = self._orders.pop(self.random.randrange(len(self._orders)))
            trading.cancel_order_as_staff(actor=self.arena.staff[1], order_id=UUID(order_id), reason="test").unwrap()

    def cancel_all(self, trader: User, market: Market) -> None:
        trading.cancel_orders(actor=trader, market_id=self.random.choice([None, market.pk]))

    def mint(self, trader: User, market: Market) -> None:
        trading.mint_sets(actor=trader, market_id=market.pk, quantity=20, now=clock.now()).unwrap()

    def merge(self, trader: User, market: Market) -> None:
        trading.merge_sets(actor=trader, market_id=market.pk, quantity=5, now=clock.now()).unwrap()

    def deposit(self, trader: User, market: Market) -> None:
        self.arena.deposit(trader, self.random.randint(1, 100_000))

    def withdraw(self, trader: User, market: Market) -> None:
        ledger.withdraw(
            actor=self.arena.staff[0],
            owner_id=trader.pk,
            organization_id=self.arena.organization.pk,
            units=self.random.randint(1, 100_000),
            note="hammer",
            now=clock.now(),
        )

    def halt_and_resume(self, trader: User, market: Market) -> None:
        staff = self.arena.staff[0]
        lifecycle.halt_market(actor=staff, market=market, reason="test").unwrap()
        halted = Market.objects.get(pk=market.pk)
        lifecycle.open_market(actor=staff, market=halted, now=clock.now()).unwrap()


def hammer(arena: Arena, *, seed: int, threads: int, seconds: float) -> Tally:
    """Act in several threads of this process at once."""
    people = [Participant(arena, seed * 1_000 + index) for index in range(threads)]
    tallies = at_once([lambda person=person: person.act_for(seconds) for person in people])
    return sum(tallies, Counter())


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    found = find_arena(Reference(**job["reference"]))
    done = hammer(found, seed=job["seed"], threads=job["threads"], seconds=job["seconds"])
    sys.stdout.write(json.dumps(done) + "\n")

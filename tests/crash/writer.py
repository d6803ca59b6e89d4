"""A process that places orders in batches, and notes each one only once it has been acknowledged.

Batches are numbered and reproducible from their number, so that whoever comes after a crash can repeat the one that was
never acknowledged, with the same idempotency keys, as a client would.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Thread
from uuid import UUID

from markets.engine.orders import NewOrder
from markets.ledger.models import Account
from markets.trading.commands import IdempotencyKey, Outcome, PlaceOrder
from markets.trading.errors import OutcomeUnknown
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.ids import uuid7_text

GIVE_UP_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a writer does: the markets it trades (a thread each), the traders' accounts, its seed, its notebook."""

    markets: list[str]
    accounts: list[int]
    seed: int
    notebook: str


def batch_of(task: Task, market: str, number: int) -> list[PlaceOrder]:
    """The n-th batch on a market: 1 to 16 orders around 5,000. Only the orders' ids are new each time it is made."""
    name = f"{task.seed}-{market}-{number}"
    random = Random(name)
    return [_order(task, f"{name}-{index}", random) for index in range(random.randint(1, 16))]


def _order(task: Task, name: str, random: Random) -> PlaceOrder:
    account = random.choice(task.accounts)
    order = NewOrder(
        id=uuid7_text(),
        account=account,
        outcome=random.randrange(2),
        is_buy=random.random() < 0.5,
        price=random.randint(4_800, 5_200),
        quantity=random.randint(1, 20),
        time_in_force=random.choice(["gtc", "gtc", "gtc", "ioc"]),
        # As short as the column allows: the market's id is in the key already.
        client_order_id=f"{task.seed}-{name[-24:]}",
    )
    return PlaceOrder(
        cause=Cause(None, "crash"), idempotency=IdempotencyKey(UUID(int=account), name, "body"), order=order
    )


def write(task: Task) -> None:
    """Write until killed. Each line of the notebook is one acknowledged batch: market, number, order ids."""
    notebook = os.open(task.notebook, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    threads = [Thread(target=_write_market, args=(task, market, notebook)) for market in task.markets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _write_market(task: Task, market: str, notebook: int) -> None:
    number = 0
    while True:
        outcomes = place(task, market, number)
        entries = " ".join(outcome.reply["id"] if outcome.reply else "refused" for outcome in outcomes)
        os.write(notebook, f"{market} {number} {entries}\n".encode())
        number += 1


def place(task: Task, market: str, number: int) -> list[Outcome]:
    """Place a batch; if the database is lost meanwhile, repeat it until it answers. Raises OutcomeUnknown in the end."""
    deadline = time.monotonic() + GIVE_UP_AFTER_S
    while True:
        try:
            return submit(market, batch_of(task, market, number))
        except OutcomeUnknown:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def accounts_of(organization: str) -> list[int]:
    """The traders' accounts."""
    found = Account.objects.filter(organization_id=organization, kind=Account.Kind.TRADER)
    return list(found.order_by("pk").values_list("pk", flat=True))


def acknowledged(notebook: Path) -> dict[tuple[str, int], list[str]]:
    """What a writer noted, by market and batch; a line cut short by its death counts for nothing."""
    if not notebook.exists():
        return {}
    complete = notebook.read_text().rpartition("\n")[0].splitlines()
    return {(market, int(number)): entries for market, number, *entries in map(str.split, complete)}

"""A process that places orders in batches, and notes each one only once it has been acknowledged.

Batches are numbered and reproducible from their number, so that whoever comes after a crash can repeat the one that was
never acknowledged, with the same idempotency keys, as a client would.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from markets.engine.orders import NewOrder
from markets.engine.placing import Amendment
from markets.engine.units import MAX_QUANTITY
from markets.ledger.models import Account
from markets.trading.commands import AmendOrder, Command, IdempotencyKey, Outcome, PlaceOrder
from markets.trading.errors import OutcomeUnknown
from markets.trading.sequencer import submit
from markets.trading.session import Cause

GIVE_UP_AFTER_S = 30.0
TERMS: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"time_in_force": "ioc"}, {"post_only": True}, {"reduce_only": True},
    {"is_market": True, "time_in_force": "ioc", "budget_units": 40_000},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """What a writer does: the markets it trades (a thread each), the traders' accounts, its seed, its notebook."""

    markets: list[str]
    accounts: list[int]
    seed: int
    notebook: str


def batch_of(task: Task, market: str, number: int) -> list[Command]:
    """The n-th batch on a market: 1 to 16 orders around 5,000 of every kind, and other terms for some of the batch before."""
    name = f"{task.seed}-{market}-{number}"
    random = Random(name)
    commands: list[Command] = [_order(task, f"{name}-{index}", random) for index in range(random.randint(1, 16))]
    if number:
        before = [each.order for each in batch_of(task, market, number - 1) if isinstance(each, PlaceOrder)]
        for index, order in enumerate(random.sample(before, k=min(3, len(before)))):
            commands.append(_amendment(order, f"{name}-a{index}", random))
    return commands


def _amendment(order: NewOrder, name: str, random: Random) -> AmendOrder:
    """Another price or less of it, for an order that may be gone by now."""
    fewer = random.random() < 0.5 and order.quantity > 1 and order.budget_units is None
    return AmendOrder(
        cause=Cause(None, "crash"),
        idempotency=IdempotencyKey(UUID(int=order.account), name, "body"),
        order_id=order.id,
        account=order.account,
        amendment=Amendment(quantity=order.quantity - 1) if fewer else Amendment(price=random.randint(4_700, 5_300)),
        client_order_id=order.client_order_id,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _order(task: Task, name: str, random: Random) -> PlaceOrder:
    account = random.choice(task.accounts)
    terms = random.choice(TERMS)
    order = NewOrder(
        id=str(uuid5(NAMESPACE_OID, name)),  # the same whenever the batch is made, so that the next one can name it
        account=account,
        outcome=random.randrange(2),
        is_buy="budget_units" in terms or random.random() < 0.5,
        price=random.randint(4_800, 5_200),
        quantity=MAX_QUANTITY if "budget_units" in terms else random.randint(1, 20),
        # As short as the column allows: the market's id is in the key already.
        client_order_id=f"{task.seed}-{name[-24:]}",
        **terms,
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

"""A process that has Django ready and does each thing it is told in a fork of itself, so that a crash costs no start-up.

It reads one JSON object per line, `{"do": ..., ...}`, and answers with one line. It never touches the database itself:
a fork starts with no connection and no market in memory, as a newly started process would.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

django.setup()

# Models may be imported only once Django is set up.
from markets.trading.commands import PlaceOrder  # noqa: E402
from markets.trading.models import Order  # noqa: E402
from opinion_market.eventstore.models import Event  # noqa: E402
from tests.concurrency.arena import Reference, assert_books_hold, find_arena, make_arena  # noqa: E402
from tests.crash.writer import Task, accounts_of, acknowledged, batch_of, place, write  # noqa: E402

Job = dict[str, Any]


def migrate(job: Job) -> Job:
    """Make the tables."""
    call_command("migrate", verbosity=0)
    return {}


def open_arena(job: Job) -> Job:
    """An arena with two markets; and its traders' accounts."""
    arena = make_arena(traders=6, markets=2, funds_units=10**12)
    return {"reference": asdict(arena.reference), "accounts": accounts_of(str(arena.organization.pk))}


def check(job: Job) -> Job:
    """After a crash: nothing acknowledged is missing, nothing is doubled, a repetition answers once, the books hold."""
    task, arena = Task(**job["task"]), find_arena(Reference(**job["reference"]))
    noted = acknowledged(Path(task.notebook))
    for (market, number), order_ids in noted.items():
        commands = batch_of(task, market, number)
        assert len(commands) == len(order_ids)
        for command, order_id in zip(commands, order_ids, strict=True):
            if isinstance(command, PlaceOrder) and order_id != "refused":
                name = str(command.order.client_order_id)
                assert _placed(market, name) == [order_id], f"{name} was acknowledged as {order_id}"
    repeated = 0
    for market in task.markets:
        repeated += _repeat_unacknowledged(task, market, len([key for key in noted if key[0] == market]))
    assert_books_hold(arena)
    return {"acknowledged": sum(map(len, noted.values())), "found_done": repeated}


def _repeat_unacknowledged(task: Task, market: str, number: int) -> int:
    """Repeat the batch that had not been answered, twice: both times the same answers. 1 if it had been carried out."""
    commands = batch_of(task, market, number)
    orders = [command for command in commands if isinstance(command, PlaceOrder)]
    names = [str(command.order.client_order_id) for command in orders]
    before = [_placed(market, name) for name in names]
    amended_before = _amendments(market)
    first, second = place(task, market, number), place(task, market, number)
    assert [outcome.reply for outcome in first] == [outcome.reply for outcome in second]
    assert all(outcome.replayed for outcome in second)
    for name, found_before, outcome in zip(names, before, first, strict=False):  # amendments come after the orders
        order_ids = [outcome.unwrap()["id"]] if outcome.error is None else []
        assert _placed(market, name) == order_ids
        assert found_before in ([], order_ids), f"{name} was placed, and then placed again"
    # All or nothing: a batch is one transaction.
    replayed = {outcome.replayed for outcome in first}
    assert len(replayed) == 1
    was_done = replayed.pop()
    carried_out = sum(outcome.error is None for outcome in first[len(orders) :])
    assert _amendments(market) == amended_before + (0 if was_done else carried_out)
    return int(was_done)


def _amendments(market: str) -> int:
    """Events by which orders got other terms."""
    stream = Event.objects.filter(stream=f"market-{market}", type__in=["OrderAmended", "OrderReduced"])
    return stream.count()


def _placed(market: str, client_order_id: str) -> list[str]:
    """The orders of that name in the market's stream, which are also the rows there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data->'order'->>'id' FROM eventstore_event WHERE stream = %s AND type = 'OrderPlaced' "
            "AND data->'order'->>'client_order_id' = %s",
            [f"market-{market}", client_order_id],
        )
        in_stream = [row[0] for row in cursor.fetchall()]
    rows = Order.objects.filter(market=market, client_order_id=client_order_id).values_list("pk", flat=True)
    assert sorted(in_stream) == sorted(map(str, rows))
    return in_stream


def answer(job: Job) -> None:
    """Do it in a fork; a writer is left running and its process id is the answer."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if job["do"] == "write":
                write(Task(**job["task"]))
            else:
                sys.stdout.write(json.dumps(WORK[job["do"]](job)) + "\n")
                sys.stdout.flush()
            status = 0
        finally:
            sys.excepthook(*sys.exc_info()) if sys.exc_info()[0] else None  # type: ignore[arg-type]
            sys.stderr.flush()
            os._exit(status)
    elif job["do"] == "write":
        sys.stdout.write(json.dumps({"pid": child}) + "\n")
        sys.stdout.flush()
    elif os.waitpid(child, 0)[1]:
        sys.stdout.write(json.dumps({"failed": job["do"]}) + "\n")
        sys.stdout.flush()


def reap(pid: int) -> None:
    """Wait until a writer is gone."""
    _, status = os.waitpid(pid, 0)
    sys.stdout.write(json.dumps({"status": status}) + "\n")
    sys.stdout.flush()


WORK: dict[str, Callable[[Job], Job]] = {"migrate": migrate, "open_arena": open_arena, "check": check}

if __name__ == "__main__":
    for line in sys.stdin:
        given = json.loads(line)
        if given["do"] == "reap":
            reap(given["pid"])
        else:
            answer(given)

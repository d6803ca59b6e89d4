"""Many threads and several processes at once, on the same and on different markets and accounts."""

import json
import logging
from dataclasses import asdict

import pytest
from django.db import connection

from markets.trading.models import Trade
from tests.concurrency.arena import assert_books_hold, make_arena
from tests.concurrency.hammer import hammer
from tests.concurrency.processes import start_module

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("committed_db")]

SECONDS = 4.0
SEED = 20_260_301


def deadlocks() -> int:
    """Deadlocks PostgreSQL has resolved in this database so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)


@pytest.mark.parametrize(
    ("outcomes", "house_liquidity"),
    [(2, 0), (3, 200)],
    ids=["one book each", "a house, rebates and outcomes split off"],
)
def test_two_processes_of_eight_threads_break_nothing(
    outcomes: int, house_liquidity: int, caplog: pytest.LogCaptureFixture
) -> None:
    arena = make_arena(traders=5, markets=3, outcomes=outcomes, house_liquidity=house_liquidity)
    deadlocks_before = deadlocks()
    job = {"reference": asdict(arena.reference), "seed": SEED, "threads": 8, "seconds": SECONDS}
    other = start_module("tests.concurrency.hammer", job)
    with caplog.at_level(logging.WARNING, logger="markets"):
        here = hammer(arena, seed=SEED + 1, threads=8, seconds=SECONDS)
    output, errors = other.communicate(timeout=60)

    assert other.returncode == 0, errors
    there = json.loads(output)
    for tally in (here, there):
        assert tally["place"] > 20, tally
        assert tally["mint"] > 0, tally
        assert tally["amend"] > 0, tally
    assert Trade.objects.filter(market__in=arena.markets).exists()
    assert not [record.getMessage() for record in caplog.records if record.name.startswith("markets")]
    assert "Batch on market" not in errors
    assert deadlocks() == deadlocks_before
    assert_books_hold(arena)


def test_eight_threads_on_one_market_and_one_account() -> None:
    arena = make_arena(traders=1, markets=1)
    tally = hammer(arena, seed=SEED, threads=8, seconds=1.5)

    assert tally["place"] > 20, tally
    assert not Trade.objects.filter(market__in=arena.markets).exists()  # nobody trades with oneself
    assert_books_hold(arena)

"""Counts of batches that several callers share, with real threads and commits."""

import time
from contextlib import suppress
from threading import Thread

import pytest
from django.db import connection

from markets.performance.recording import meter
from markets.trading.sequencer import submit
from tests.concurrency.arena import make_arena
from tests.concurrency.test_sequencer import CAUSE, Exploding, buying, market_row_locked, order

pytestmark = pytest.mark.usefixtures("committed_db")


def shared(market, commands) -> None:
    """Let the commands' callers share the batch after the one that is held up."""

    def send(command) -> None:
        try:
            with suppress(RuntimeError):  # what the bug raises, in its own caller
                submit(str(market.pk), [command])
        finally:
            connection.close()

    threads = [Thread(target=send, args=(command,)) for command in commands]
    with market_row_locked(market):
        for thread in threads:
            thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join(30)


def test_callers_who_share_a_batch_are_counted_as_waiting_and_their_time_from_their_arrival():
    arena = make_arena(traders=4, markets=1)
    commands = [buying(arena, trader) for trader in range(4)]
    meter().take()
    shared(arena.markets[0], commands)
    taken = meter().take()
    # The first batch, which was held up, had no command and set out alone.
    assert (taken.batches, taken.commands, taken.orders, taken.failed) == (2, 4, 4, 0)
    assert (taken.waiting, taken.waiting_most) == (3, 3)
    # Each waited for a quarter of a second or more, which the batch itself did not take.
    assert taken.latency_us >= 4 * 250_000


def test_a_bug_counts_as_its_own_callers_failure_and_the_others_as_placed(caplog):
    arena = make_arena(traders=4, markets=1)
    commands = [buying(arena, trader) for trader in range(3)]
    meter().take()
    shared(arena.markets[0], [*commands, Exploding(cause=CAUSE, order=order(arena, 3))])
    taken = meter().take()
    assert (taken.commands, taken.orders, taken.refused, taken.failed) == (3, 3, 0, 1)
    assert taken.refusals == {"internal_error": 1}
    assert "A batch of 4 commands" in caplog.text

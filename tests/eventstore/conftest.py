"""Streams of a test's own, events to put into them, and waiting for subscribers."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection

from opinion_market.eventstore.append import NewEvent, metadata
from opinion_market.eventstore.subscriptions import Outcome, Subscription, run_once
from opinion_market.kernel.ids import uuid7_text

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def happened(
    number: int = 1, *, type: str = "Counted", organization: str | None = None, at: datetime = NOON
) -> NewEvent:
    """An event that carries a number."""
    data = {"number": number, "words": 'a\tb\\c\n"ü"'}
    return NewEvent(type=type, data=data, at=at, metadata=metadata(actor="someone", organization=organization))


@pytest.fixture
def stream() -> str:
    return f"test-{uuid7_text()}"


@contextmanager
def threads(count: int) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Run callables in threads whose database connections are closed; an exception in one is raised at the end."""
    with ThreadPoolExecutor(count) as pool:
        running = []

        def start(work: Callable[[], object]) -> None:
            def with_own_connection() -> None:
                try:
                    work()
                finally:
                    connection.close()

            running.append(pool.submit(with_own_connection))

        yield start
        for each in running:
            each.result(timeout=800)


def run_until(subscription: Subscription, done: Callable[[], bool], *, seconds: float = 800) -> None:
    """Run a subscription until `done`. Transactions of other test processes on the server may hold its horizon back."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"{subscription.name} did not get there in {seconds} s"
        if run_once(subscription, now=datetime.now(UTC)) is not Outcome.ADVANCED:
            time.sleep(0.02)

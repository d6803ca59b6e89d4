"""A subscriber sees every event once, in the store's order, whatever is committed when; what it does is all or nothing."""

import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from opinion_market.eventstore import subscriptions
from opinion_market.eventstore.append import append
from opinion_market.eventstore.models import Checkpoint, StreamSummary
from opinion_market.eventstore.read import GlobalKey, RecordedEvent, read_all, read_stream
from opinion_market.eventstore.subscriptions import Outcome, Subscription, run_once
from tests.eventstore.conftest import NOON, happened, run_until, threads

pytestmark = pytest.mark.usefixtures("committed_db")


def collector(name: str, prefix: str, **options: object) -> tuple[Subscription, list[RecordedEvent]]:
    """A subscription that collects the events of the streams that begin with `prefix`."""
    seen: list[RecordedEvent] = []

    def collect(events: Sequence[RecordedEvent]) -> None:
        seen.extend(event for event in events if event.stream.startswith(prefix))

    return Subscription(name, collect, **options), seen  # type: ignore[arg-type]


def test_an_event_committed_late_is_neither_skipped_nor_overtaken(stream: str) -> None:
    subscription, seen = collector(f"late-{stream}", stream, batch=10_000)
    written, may_commit = threading.Event(), threading.Event()

    def write_and_linger() -> None:
        with transaction.atomic():
            append(stream=f"{stream}-late", expected_version=0, events=[happened(1)])
            written.set()
            assert may_commit.wait(60)

    with threads(1) as start:
        start(write_and_linger)
        assert written.wait(60)
        append(stream=f"{stream}-early", expected_version=0, events=[happened(2)])
        for _ in range(3):
            run_once(subscription, now=datetime.now(UTC))
        assert seen == [], "the later event must wait for the one that is not yet committed"
        may_commit.set()
    run_until(subscription, lambda: len(seen) == 2)
    assert [event.stream for event in seen] == [f"{stream}-late", f"{stream}-early"]


@pytest.mark.slow
def test_with_writers_lingering_at_random_each_event_is_seen_once_and_in_order(stream: str) -> None:
    writers, each = 4, 12
    subscription, seen = collector(f"all-{stream}", stream, batch=7)

    def write(writer: int) -> None:
        lingering = random.Random(writer)
        for number in range(each):
            with transaction.atomic():
                append(stream=f"{stream}-{writer}", expected_version=number, events=[happened(number)])
                time.sleep(lingering.random() * 0.02)

    with threads(writers) as start:
        for writer in range(writers):
            start(lambda writer=writer: write(writer))
        run_until(subscription, lambda: len(seen) >= writers * each)
    run_once(subscription, now=datetime.now(UTC))
    assert [event.key for event in seen] == sorted({event.key for event in seen})
    assert len(seen) == writers * each
    for writer in range(writers):
        assert [event.version for event in seen if event.stream == f"{stream}-{writer}"] == list(range(1, each + 1))


def test_only_wanted_types_are_handled_and_the_checkpoint_passes_the_others(stream: str) -> None:
    subscription, seen = collector(f"typed-{stream}", stream, types=frozenset({"Wanted"}), batch=10_000)
    events = [happened(1, type="Unwanted"), happened(2, type="Wanted"), happened(3, type="Unwanted")]
    append(stream=stream, expected_version=0, events=events)
    last = list(read_stream(stream))[-1]
    run_until(subscription, lambda: run_once(subscription, now=NOON) is Outcome.UP_TO_DATE and bool(seen))
    assert [event.data["number"] for event in seen] == [2]
    checkpoint = Checkpoint.objects.get(subscriber=subscription.name)
    assert GlobalKey(checkpoint.transaction_id, checkpoint.position) >= last.key
    assert read_all(after=last.key, types=["Wanted"], stream_prefix=stream) == []
    assert [event.version for event in read_all(stream_prefix=stream, types=["Wanted"])] == [2]


def test_a_handler_that_fails_leaves_no_trace_but_its_error_and_is_tried_again_later(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened()])
    broken = True

    def write_then_fail(events: Sequence[RecordedEvent]) -> None:
        if any(event.stream == stream for event in events):
            StreamSummary.objects.create(
                stream=f"written-{stream}", kind="written", version=1, last_type="T",
                first_recorded_at=NOON, last_recorded_at=NOON,
            )  # fmt: skip
            if broken:
                raise LookupError("the handler is broken")

    subscription = Subscription(f"failing-{stream}", write_then_fail, batch=10_000)
    run_until(subscription, lambda: Checkpoint.objects.filter(subscriber=subscription.name, failures=1).exists())
    checkpoint = Checkpoint.objects.get(subscriber=subscription.name)
    assert checkpoint.last_error == "LookupError: the handler is broken"
    assert not StreamSummary.objects.filter(stream=f"written-{stream}").exists()
    assert checkpoint.failed_at is not None
    assert checkpoint.retry_at == checkpoint.failed_at + timedelta(seconds=2)

    assert run_once(subscription, now=checkpoint.retry_at - timedelta(milliseconds=1)) is Outcome.WAITING
    assert run_once(subscription, now=checkpoint.retry_at) is Outcome.FAILED
    checkpoint.refresh_from_db()
    assert checkpoint.failures == 2
    assert checkpoint.retry_at - checkpoint.failed_at == timedelta(seconds=4)

    broken = False
    assert run_once(subscription, now=checkpoint.retry_at) is Outcome.ADVANCED
    checkpoint.refresh_from_db()
    assert (checkpoint.failures, checkpoint.last_error, checkpoint.retry_at) == (0, "", None)
    assert StreamSummary.objects.filter(stream=f"written-{stream}").delete()[0] == 1


def test_two_processes_never_have_the_same_subscription_at_once(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened()])
    entered, may_leave = threading.Event(), threading.Event()

    def linger(events: Sequence[RecordedEvent]) -> None:
        entered.set()
        assert may_leave.wait(60)

    subscription = Subscription(f"shared-{stream}", linger, batch=10_000)
    with threads(1) as start:
        start(lambda: run_until(subscription, may_leave.is_set))
        assert entered.wait(60)
        assert run_once(subscription, now=datetime.now(UTC)) is Outcome.BUSY
        may_leave.set()


def test_lag_counts_what_is_committed_after_the_checkpoint(stream: str) -> None:
    subscription, seen = collector(f"lagging-{stream}", stream, batch=10_000)
    append(stream=stream, expected_version=0, events=[happened(1)])
    run_until(subscription, lambda: bool(seen))
    append(stream=stream, expected_version=1, events=[happened(2), happened(3)])
    checkpoint = Checkpoint.objects.get(subscriber=subscription.name)
    assert subscriptions.lag(checkpoint, now=NOON + timedelta(seconds=9)) == subscriptions.Lag(2, 9.0)


def test_a_name_belongs_to_one_subscription(stream: str) -> None:
    subscription = next(each for each in subscriptions.registered() if each.name == "event_statistics")
    subscriptions.register(subscription)
    with pytest.raises(ValueError, match="another subscription named 'event_statistics'"):
        subscriptions.register(Subscription("event_statistics", lambda events: None))
    assert connection.in_atomic_block is False

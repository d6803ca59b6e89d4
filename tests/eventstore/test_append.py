"""Appending keeps each stream gap-free and chained, whoever interleaves; what is recorded is never changed."""

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinion_market.eventstore.append import (
    Head,
    NewEvent,
    append,
    append_after,
    appended_events,
    reserve_positions,
    stream_head,
)
from opinion_market.eventstore.errors import EventNotFound, VersionConflict
from opinion_market.eventstore.hashing import GENESIS
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.read import event_at, read_stream
from opinion_market.eventstore.verify import verify_events
from opinion_market.kernel.ids import uuid7_text
from tests.eventstore.conftest import NOON, happened, threads

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
exact_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, exact_json, max_size=4)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.tuples(st.integers(0, 2), st.lists(objects, min_size=1, max_size=3)), max_size=8))
def test_streams_stay_gap_free_and_chained_in_any_interleaving(
    batches: list[tuple[int, list[dict[str, object]]]],
) -> None:
    streams = [f"test-{uuid7_text()}" for _ in range(3)]
    expected: dict[str, list[dict[str, object]]] = {name: [] for name in streams}
    for which, contents in batches:
        name = streams[which]
        append(
            stream=name,
            expected_version=len(expected[name]),
            events=[NewEvent(type="Happened", data=data, at=NOON) for data in contents],
        )
        expected[name] += contents
    for name in streams:
        recorded = list(read_stream(name, batch=2))
        assert [event.version for event in recorded] == list(range(1, len(expected[name]) + 1))
        assert [event.data for event in recorded] == expected[name]
        assert [event.previous_hash for event in recorded] == [GENESIS, *(event.hash for event in recorded)][
            : len(recorded)
        ]
        assert [event.key for event in recorded] == sorted(event.key for event in recorded)
        assert verify_events(stream=name).intact


@pytest.mark.django_db
def test_a_stream_that_moved_on_refuses_and_leaves_the_transaction_usable(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened(1), happened(2)])
    with pytest.raises(VersionConflict) as refusal:
        append(stream=stream, expected_version=1, events=[happened(3)])
    assert refusal.value.data == {"expected": 1, "actual": 2}
    assert append(stream=stream, expected_version=2, events=[happened(3)]).version == 3
    assert append(stream=stream, expected_version=None, events=[happened(4)]) == stream_head(stream)


@pytest.mark.django_db
def test_a_stale_head_is_refused_by_the_database(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened()])
    with pytest.raises(IntegrityError), transaction.atomic():
        append_after(head=Head(), stream=stream, events=[happened()], positions=reserve_positions(1))


@pytest.mark.django_db
def test_too_few_positions_are_refused_instead_of_losing_events(stream: str) -> None:
    with pytest.raises(ValueError, match="2 events need as many positions"):
        append_after(head=Head(), stream=stream, events=[happened(), happened()], positions=reserve_positions(1))


@pytest.mark.django_db
def test_an_event_is_found_by_its_position_and_what_was_appended_is_collected(stream: str) -> None:
    with appended_events() as ranges:
        append(stream=stream, expected_version=0, events=[happened(1), happened(2)])
    (appended,) = ranges
    (second,) = read_stream(appended.stream, after=1, until=appended.last_version)
    assert event_at(second.position) == second
    assert second.recorded_at == NOON
    with pytest.raises(EventNotFound):
        event_at(second.position + 10**12)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE eventstore_event SET type = 'Other'",
        "UPDATE eventstore_event SET type = 'Other' WHERE false",
        "DELETE FROM eventstore_event",
        "TRUNCATE eventstore_event",
    ],
)
def test_the_database_refuses_to_change_events(change: str) -> None:
    with (
        pytest.raises(IntegrityError, match="eventstore_event is refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


@pytest.mark.django_db
def test_a_hash_of_another_length_is_refused(stream: str) -> None:
    with pytest.raises(IntegrityError, match="event_hash_length"), transaction.atomic():
        Event.objects.create(
            position=reserve_positions(1)[0], stream=stream, version=1, type="T", data={}, metadata={},
            recorded_at=NOON, previous_hash=GENESIS, hash=b"short",
        )  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("committed_db")
def test_writers_racing_for_one_stream_lose_and_double_nothing(stream: str) -> None:
    writers, each = 6, 15

    def write(writer: int) -> None:
        for number in range(each):
            event = happened(writer * each + number)
            while True:
                try:
                    append(stream=stream, expected_version=stream_head(stream).version, events=[event])
                    break
                except VersionConflict:
                    continue

    with threads(writers) as start:
        for writer in range(writers):
            start(lambda writer=writer: write(writer))
    recorded = list(read_stream(stream))
    assert [event.version for event in recorded] == list(range(1, writers * each + 1))
    assert sorted(event.data["number"] for event in recorded) == list(range(writers * each))
    assert verify_events(stream=stream).intact


@pytest.mark.usefixtures("committed_db")
def test_a_transaction_older_than_the_last_appender_does_not_come_before_it(stream: str) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        with threads(1) as start:
            start(lambda: append(stream=stream, expected_version=0, events=[happened(1)]))
        append(stream=stream, expected_version=1, events=[happened(2)])
    first, second = read_stream(stream)
    assert first.key < second.key
    assert verify_events(stream=stream).intact


@pytest.mark.usefixtures("committed_db")
def test_waiting_for_a_row_lock_gives_a_transaction_no_id_yet(stream: str) -> None:
    """What `append_after` relies on: whoever waits for the lock that guards a stream gets its place in the order after it."""
    ids: dict[str, int] = {}

    def lock_and_look(name: str, seconds: float) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM eventstore_checkpoint WHERE subscriber = %s FOR UPDATE", [stream])
            cursor.execute("SELECT pg_sleep(%s)", [seconds])
            cursor.execute("SELECT pg_current_xact_id()::text::bigint, clock_timestamp()")
            ids[name] = cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_checkpoint (subscriber, transaction_id, position, handled, failures, last_error) "
            "VALUES (%s, 0, 0, 0, 0, '')",
            [stream],
        )
    with threads(2) as start, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM eventstore_checkpoint WHERE subscriber = %s FOR UPDATE", [stream])
        start(lambda: lock_and_look("waiting", 0))
        cursor.execute("SELECT pg_sleep(0.3)")
        with threads(1) as start_other:
            start_other(lambda: append(stream=stream, expected_version=0, events=[happened()]))
    (event,) = read_stream(stream)
    assert ids["waiting"] > event.transaction_id

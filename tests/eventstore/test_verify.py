"""Whoever has the table owner's rights and tampers with events is found out; the first broken link is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from opinion_market.eventstore.append import append, reserve_positions
from opinion_market.eventstore.hashing import canonical_json, event_hash
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.snapshots import save_snapshot
from opinion_market.eventstore.verify import BreakKind, verify_events
from opinion_market.kernel.clock import microseconds
from tests.eventstore.conftest import NOON, happened

pytestmark = pytest.mark.django_db


@pytest.fixture
def chained(stream: str) -> str:
    """A stream of five events."""
    append(stream=stream, expected_version=0, events=[happened(number) for number in range(1, 6)])
    assert verify_events(stream=stream).intact
    return stream


@contextmanager
def trigger_disabled() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE eventstore_event DISABLE TRIGGER eventstore_event_append_only")
        yield
        cursor.execute("ALTER TABLE eventstore_event ENABLE TRIGGER eventstore_event_append_only")


def tamper(statement: str, *parameters: object) -> None:
    with trigger_disabled(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0


def first_breaks(stream: str) -> dict[BreakKind, int]:
    return {kind: found.version for kind, found in verify_events(stream=stream).first.items()}


@pytest.mark.parametrize(
    "change",
    [
        "data = jsonb_set(data::jsonb, '{number}', '99')::json",
        "metadata = jsonb_set(metadata::jsonb, '{actor}', '\"somebody else\"')::json",
        "type = 'Uncounted'",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "schema_version = 2",
        "hash = sha256('forged')",
    ],
)
def test_a_changed_event_is_found(chained: str, change: str) -> None:
    tamper(f"UPDATE eventstore_event SET {change} WHERE stream = %s AND version = 3", chained)  # noqa: S608
    assert first_breaks(chained)[BreakKind.WRONG_HASH] == 3


def test_a_removed_event_is_found_where_the_next_one_stands(chained: str) -> None:
    tamper("DELETE FROM eventstore_event WHERE stream = %s AND version = 3", chained)
    assert first_breaks(chained) == {BreakKind.MISSING_VERSION: 4}


def test_a_removed_event_is_found_though_the_later_ones_are_renumbered(chained: str) -> None:
    tamper("DELETE FROM eventstore_event WHERE stream = %s AND version = 3", chained)
    tamper("UPDATE eventstore_event SET version = version - 1 WHERE stream = %s AND version > 3", chained)
    assert first_breaks(chained) == {BreakKind.WRONG_PREVIOUS_HASH: 3, BreakKind.WRONG_HASH: 3}


def test_swapped_events_are_found(chained: str) -> None:
    for version, temporary in ((2, 102), (3, 2), (102, 3)):
        tamper(
            "UPDATE eventstore_event SET version = %s WHERE stream = %s AND version = %s", temporary, chained, version
        )
    breaks = first_breaks(chained)
    assert breaks[BreakKind.WRONG_PREVIOUS_HASH] == 2
    assert breaks[BreakKind.WRONG_HASH] == 2
    assert breaks[BreakKind.OUT_OF_ORDER] == 3


def test_an_inserted_event_is_found_though_its_own_hash_is_right(chained: str) -> None:
    before = list(read_stream(chained))[1]
    for version in (5, 4, 3):
        tamper("UPDATE eventstore_event SET version = version + 1 WHERE stream = %s AND version = %s", chained, version)
    forged = happened(99)
    data, metadata = canonical_json(forged.data), canonical_json(forged.metadata)
    digest = event_hash(
        before.hash, stream=chained, version=3, type=forged.type, schema_version=1, at_us=microseconds(NOON),
        data=data, metadata=metadata,
    )  # fmt: skip
    tamper(
        "INSERT INTO eventstore_event (position, stream, version, type, schema_version, data, metadata, recorded_at, "
        "previous_hash, hash) VALUES (%s, %s, 3, %s, 1, %s::json, %s::json, %s, %s, %s)",
        reserve_positions(1)[0], chained, forged.type, data.decode(), metadata.decode(), NOON, before.hash, digest,
    )  # fmt: skip
    assert first_breaks(chained)[BreakKind.WRONG_PREVIOUS_HASH] == 4


def test_events_removed_from_the_end_are_found_while_a_snapshot_remembers_them(chained: str) -> None:
    save_snapshot(stream=chained, version=5, state={"number": 5}, at=NOON)
    tamper("DELETE FROM eventstore_event WHERE stream = %s AND version > 3", chained)
    assert first_breaks(chained) == {BreakKind.MISSING_END: 5}


def test_one_break_does_not_hide_another_and_each_is_counted(chained: str) -> None:
    tamper("UPDATE eventstore_event SET type = 'Other' WHERE stream = %s AND version IN (2, 4)", chained)
    result = verify_events(stream=chained)
    assert result.counts == {BreakKind.WRONG_HASH: 2}
    assert (result.events, result.streams, result.intact) == (5, 1, False)


def test_verification_may_begin_in_the_middle(chained: str) -> None:
    tamper("UPDATE eventstore_event SET type = 'Other' WHERE stream = %s AND version = 2", chained)
    positions = [event.position for event in read_stream(chained)]
    assert not verify_events(stream=chained, since=positions[1]).intact
    after = verify_events(stream=chained, since=positions[2])
    assert after.intact
    assert after.events == 3


def test_the_command_names_the_first_broken_link_and_fails(chained: str) -> None:
    out = StringIO()
    call_command("verify_events", stream=chained, stdout=out)
    assert "5 events in 1 streams verified.\nEvery chain is intact." in out.getvalue()
    tamper("UPDATE eventstore_event SET type = 'Other' WHERE stream = %s AND version >= 4", chained)
    with pytest.raises(SystemExit) as end:
        call_command("verify_events", stream=chained, stdout=out)
    assert end.value.code == 1
    position = list(read_stream(chained))[3].position
    assert f"wrong_hash: 2; the first is {chained} version 4 (position {position})" in out.getvalue()

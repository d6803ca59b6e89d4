"""Old events leave for files and are read as if they had not; nothing else leaves, whatever is killed."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from opinion_market.eventstore import archive_files, archiving, projections, retention
from opinion_market.eventstore.append import append, stream_head
from opinion_market.eventstore.errors import ArchiveDamaged
from opinion_market.eventstore.models import Archive, ArchivedEvent, Event, EventStatistic, StreamSummary
from opinion_market.eventstore.proofs import event_proof
from opinion_market.eventstore.read import GlobalKey, event_at, events_at, read_stream, read_window
from opinion_market.eventstore.snapshots import load_snapshot, save_snapshot
from opinion_market.eventstore.statistics import EVENT_STATISTICS, STREAM_SUMMARIES
from opinion_market.eventstore.subscriptions import Outcome
from tests.eventstore.conftest import NOON, happened
from tests.eventstore.sealed import LATER, everything_is_final, seal_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path


@pytest.fixture
def sealed(stream: str) -> str:
    """A stream of seven events under one seal."""
    append(stream=stream, expected_version=0, events=[happened(number) for number in range(1, 8)])
    seal_all()
    return stream


def archive_all() -> list[Archive]:
    return archiving.archive_events(before=LATER, now=LATER)


def versions_in_the_database(stream: str) -> list[int]:
    return list(Event.objects.filter(stream=stream).order_by("version").values_list("version", flat=True))


def test_an_archived_stream_is_read_as_before(sealed: str) -> None:
    before = list(read_stream(sealed))
    start = GlobalKey(before[0].transaction_id, before[0].position - 1)
    window = read_window(after=start, size=3)
    archive_all()
    assert versions_in_the_database(sealed) == [7]
    assert list(read_stream(sealed)) == before
    for after in range(8):
        for until in (None, *range(after, 9)):
            expected = [each for each in before if after < each.version <= (99 if until is None else until)]
            assert list(read_stream(sealed, after=after, until=until, batch=2)) == expected
    assert event_at(before[2].position) == before[2]
    assert events_at([each.position for each in reversed(before)]) == before
    assert read_window(after=start, size=3) == window
    assert read_window(after=start, size=10, types=["Nothing"])[1] == []


def test_appending_goes_on_after_the_beginning_has_left(sealed: str) -> None:
    archive_all()
    head = append(stream=sealed, expected_version=7, events=[happened(8)])
    assert head.version == 8
    assert stream_head(sealed) == head
    events = list(read_stream(sealed))
    assert [event.data["number"] for event in events] == list(range(1, 9))
    assert events[7].previous_hash == events[6].hash


def test_young_and_unsealed_events_stay(sealed: str) -> None:
    append(stream=sealed, expected_version=7, events=[happened(8), happened(9)])
    assert archiving.archive_events(before=NOON, now=LATER) == []
    archive_all()
    assert versions_in_the_database(sealed) == [8, 9]


def test_what_a_snapshot_starts_from_stays(sealed: str) -> None:
    save_snapshot(stream=sealed, version=4, state={"number": 4}, at=NOON)
    archive_all()
    assert versions_in_the_database(sealed) == [4, 5, 6, 7]
    loaded = load_snapshot(sealed)
    assert loaded is not None
    assert loaded.version == 4


def test_a_stream_that_its_app_needs_stays_and_leaves_later_from_its_beginning(
    sealed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = {sealed}
    monkeypatch.setattr(retention, "_still_needed", {"test": lambda streams: needed & set(streams)})
    append(stream=sealed, expected_version=7, events=[happened(8), happened(9)])
    seal_all()
    archive_all()
    assert versions_in_the_database(sealed) == list(range(1, 10))
    needed.clear()
    assert [archive.events for archive in archive_all() if archive.archived.filter(stream=sealed).exists()] == [7, 1]
    assert versions_in_the_database(sealed) == [9]


def test_a_long_stream_leaves_in_several_files(sealed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "EVENTS_PER_FILE", 2)
    before = list(read_stream(sealed))
    archive_all()
    files = ArchivedEvent.objects.filter(stream=sealed).values_list("archive", flat=True).distinct()
    assert len(files) >= 3
    assert list(read_stream(sealed)) == before
    assert archive_all() == []


def test_a_proof_of_an_archived_event_is_the_same(sealed: str) -> None:
    position = list(read_stream(sealed))[3].position
    proof = event_proof(position)
    archive_all()
    assert event_proof(position) == proof


def test_files_are_named_after_their_contents_and_hold_the_events_in_order(sealed: str) -> None:
    before = list(read_stream(sealed))[:6]
    archive = archive_all()[-1]
    path = archive_files.path_of(archive.sha256)
    assert archive.size_bytes == path.stat().st_size
    lines = [row for row in archive_files.read(archive.sha256) if row.stream == sealed]
    assert [(row.position, row.hash) for row in lines] == [(event.position, event.hash) for event in before]
    restored = archiving.restore(archive=archive, now=LATER)
    assert restored == archive.events
    again = archive_all()[-1]
    assert (again.sha256, again.pk) != ("", archive.pk)
    assert again.sha256 == archive.sha256
    assert not list(path.parent.glob("*.part"))


def test_restoring_makes_rows_of_them_again_once(sealed: str) -> None:
    before = list(Event.objects.filter(stream=sealed).order_by("version").values())
    archives = archive_all()
    assert sum(archiving.restore(archive=archive, now=LATER) for archive in archives) == sum(
        archive.events for archive in archives
    )
    assert list(Event.objects.filter(stream=sealed).order_by("version").values()) == before
    assert ArchivedEvent.objects.count() == 0
    assert [archiving.restore(archive=archive, now=LATER) for archive in archives] == [0] * len(archives)


def damage(path: Path) -> None:
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content.replace(b'"number":3', b'"number":4')))


@pytest.mark.parametrize("harm", [damage, Path.unlink])
def test_a_damaged_file_is_never_believed(sealed: str, harm: Callable[[Path], object]) -> None:
    archives = archive_all()
    archive_files._by_position.cache_clear()
    for archive in archives:
        harm(archive_files.path_of(archive.sha256))
    with pytest.raises(ArchiveDamaged):
        list(read_stream(sealed))
    with pytest.raises(ArchiveDamaged):
        archiving.restore(archive=archives[-1], now=LATER)


DELETES = [
    "DELETE FROM eventstore_event WHERE stream = %s",
    "DELETE FROM eventstore_event WHERE stream = %s AND version = 7",
    "DELETE FROM eventstore_event WHERE stream = %s AND version = 1",
]


@pytest.mark.parametrize("statement", DELETES)
@pytest.mark.parametrize("archiving_is_on", [False, True])
def test_nothing_else_deletes_events(sealed: str, statement: str, archiving_is_on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('eventstore.archiving', %s, true)", ["on" if archiving_is_on else "off"])
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
            cursor.execute(statement, [sealed])
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
            cursor.execute("UPDATE eventstore_event SET type = 'Other' WHERE stream = %s", [sealed])
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
            cursor.execute("TRUNCATE eventstore_event")
        cursor.execute("SELECT set_config('eventstore.archiving', 'off', true)")
    assert versions_in_the_database(sealed) == list(range(1, 8))


FORGED_PLACES = [
    "position, transaction_id, stream, version, sha256('other')",
    "position, transaction_id, stream, version + 100, hash",
    "position, transaction_id, 'another', version, hash",
]


@pytest.mark.parametrize("forged", FORGED_PLACES)
def test_a_place_that_is_not_the_events_own_opens_no_door(sealed: str, forged: str) -> None:
    seal = seal_all()
    archive = Archive.objects.create(
        seal=seal, sha256="0" * 64, size_bytes=1, events=1, archived_at=NOON, verified_at=NOON
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO eventstore_archivedevent (position, transaction_id, stream, version, hash, archive_id) "  # noqa: S608
            f"SELECT {forged}, %s FROM eventstore_event WHERE stream = %s AND version = 1",
            [archive.pk, sealed],
        )
        cursor.execute("SELECT set_config('eventstore.archiving', 'on', true)")
        with pytest.raises(IntegrityError, match="not every row is sealed"), transaction.atomic():
            cursor.execute("DELETE FROM eventstore_event WHERE stream = %s AND version = 1", [sealed])


def test_the_last_event_of_a_stream_leaves_on_no_terms(sealed: str) -> None:
    archive = Archive.objects.create(
        seal=seal_all(), sha256="0" * 64, size_bytes=1, events=7, archived_at=NOON, verified_at=NOON
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_archivedevent (position, transaction_id, stream, version, hash, archive_id) "
            "SELECT position, transaction_id, stream, version, hash, %s FROM eventstore_event WHERE stream = %s",
            [archive.pk, sealed],
        )
        with pytest.raises(IntegrityError, match="followed by another"), transaction.atomic():
            cursor.execute("SELECT eventstore_remove_archived(%s)", [archive.pk])


def test_places_stay_until_their_events_are_rows_again(sealed: str) -> None:
    archive_all()
    with pytest.raises(IntegrityError, match="in no table but in their file"), transaction.atomic():
        ArchivedEvent.objects.filter(stream=sealed).delete()
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        ArchivedEvent.objects.filter(stream=sealed).update(version=99)


def test_one_event_that_changes_between_file_and_deletion_stops_everything(
    sealed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are removed by the hash that the file has; fewer than were written means that nothing leaves."""
    real = archiving._read_back

    def tampered(written: archive_files.WrittenFile) -> list[archive_files.EventRow]:
        rows = real(written)
        return [rows[0]._replace(hash=bytes(32)), *rows[1:]]

    monkeypatch.setattr(archiving, "_read_back", tampered)
    with pytest.raises(ArchiveDamaged, match="rows found to leave"), transaction.atomic():
        archive_all()
    assert versions_in_the_database(sealed) == list(range(1, 8))


def test_projections_rebuilt_after_archiving_give_the_same(sealed: str) -> None:
    def rebuilt() -> list[dict[str, object]]:
        for projection in (EVENT_STATISTICS, STREAM_SUMMARIES):
            assert projections.rebuild(projection, clock=lambda: LATER) is Outcome.UP_TO_DATE
        counted = EventStatistic.objects.order_by("hour", "type", "organization_id")
        return [*counted.values("hour", "type", "organization_id", "events"), *StreamSummary.objects.values()]

    before = rebuilt()
    assert any(row.get("stream") == sealed and row["version"] == 7 for row in before)
    archive_all()
    assert rebuilt() == before

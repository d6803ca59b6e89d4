"""The commands and tasks that seal, archive, print and restore."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from opinion_market.eventstore import archive_files, archiving, retention, sealing, tasks
from opinion_market.eventstore.append import append
from opinion_market.eventstore.models import Archive, Event, Seal
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from opinion_market.settings.schedule import CELERY_BEAT_SCHEDULE
from tests.eventstore.conftest import NOON, happened
from tests.eventstore.sealed import everything_is_final, seal_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path


@pytest.fixture
def sealed(stream: str) -> str:
    """A stream of four events, sealed long ago."""
    append(stream=stream, expected_version=0, events=[happened(number) for number in range(1, 5)])
    seal_all(NOON.replace(year=2020))
    return stream


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_seals_what_is_new_and_names_the_root(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened()])
    text = said("seal_events")
    seal = Seal.objects.latest("number")
    assert f"Seal {seal.number} over {seal.events:,} events has the root {bytes(seal.root).hex()}." in text
    assert said("seal_events") == "Nothing is new, or another process is sealing.\n"


def test_a_dry_run_says_what_would_leave_and_moves_nothing(sealed: str) -> None:
    text = said("archive_events", "--dry-run")
    assert text.endswith("seals would leave.\n")
    assert Event.objects.filter(stream=sealed).count() == 4
    assert Archive.objects.count() == 0
    promised = int(text.splitlines()[-1].split()[0].replace(",", ""))
    assert promised >= 3
    assert said("archive_events").startswith(f"{promised:,} events left for ")
    assert sum(Archive.objects.values_list("events", flat=True)) == promised


def test_the_limit_is_365_days(stream: str) -> None:
    now = clock.now()
    for name, days in (("old", 366), ("young", 364)):
        append(stream=f"{stream}-{name}", expected_version=0, events=[happened(1), happened(2)])
        seal_all(now - timedelta(days=days))
    said("archive_events")
    assert Event.objects.filter(stream=f"{stream}-old").count() == 1
    assert Event.objects.filter(stream=f"{stream}-young").count() == 2


def test_younger_events_stay_unless_asked_for(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened(1), happened(2)])
    said("seal_events")
    said("archive_events")
    assert Event.objects.filter(stream=stream).count() == 2
    said("archive_events", "--older-than", "0")
    assert Event.objects.filter(stream=stream).count() == 1
    with pytest.raises(CommandError, match="from 0"):
        call_command("archive_events", "--older-than", "-1")


def test_archived_events_are_listed_printed_and_restored(sealed: str) -> None:
    before = list(read_stream(sealed))
    said("archive_events")
    archive = Archive.objects.latest("pk")
    assert f"{archive.sha256}  seal {archive.seal_id}  {archive.events:,} events" in said("read_archive")
    lines = [json.loads(line) for line in said("read_archive", archive.sha256[:12], "--stream", sealed).splitlines()]
    assert [(line["version"], line["data"], line["hash"]) for line in lines] == [
        (event.version, event.data, event.hash.hex()) for event in before[:3]
    ]
    assert "are in the database again" in said("read_archive", archive.sha256, "--restore")
    assert Event.objects.filter(stream=sealed).count() == 4
    assert list(read_stream(sealed)) == before
    assert "restored" in said("read_archive")


def test_what_cannot_be_read_is_said_in_a_sentence(sealed: str) -> None:
    said("archive_events")
    archive = Archive.objects.latest("pk")
    with pytest.raises(CommandError, match="No archive file begins with ffffffffffffffffffff"):
        call_command("read_archive", "f" * 20)
    archive_files.path_of(archive.sha256).write_bytes(b"")
    with pytest.raises(CommandError, match="missing or damaged"):
        call_command("read_archive", archive.sha256)


def test_a_folder_that_cannot_be_written_moves_nothing(sealed: str, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("")
    settings.ARCHIVE_DIR = tmp_path / "file"
    with pytest.raises(CommandError, match="nothing else has"):
        call_command("archive_events")
    assert Event.objects.filter(stream=sealed).count() == 4


def test_the_scheduled_tasks_do_the_same(sealed: str) -> None:
    named = {entry["task"] for entry in CELERY_BEAT_SCHEDULE.values()}
    assert {tasks.seal_events.name, tasks.archive_events.name} <= named
    tasks.archive_events()
    assert Event.objects.filter(stream=sealed).count() == 1
    append(stream=sealed, expected_version=4, events=[happened(5)])
    before = Seal.objects.count()
    tasks.seal_events()
    tasks.seal_events()
    assert Seal.objects.count() == before + 1


def test_a_task_stops_when_its_time_is_over(sealed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "EVENTS_PER_FILE", 1)
    asked = iter([True, True, False])
    now = NOON.replace(year=2030)
    made = archiving.archive_events(before=now, now=now, may_go_on=lambda: next(asked))
    assert [archive.events for archive in made] == [1, 1]
    assert [event.data["number"] for event in read_stream(sealed)] == [1, 2, 3, 4]


def test_a_kind_of_stream_is_answered_for_by_one_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_still_needed", {})
    retention.keep("test", set)
    retention.keep("test", set)
    with pytest.raises(ValueError, match="'test' are asked for already"):
        retention.keep("test", list)


@contextmanager
def held_by_another_process(lock: int) -> Iterator[None]:
    another = connection.copy()
    try:
        with another.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
            assert cursor.fetchone() == (True,)
            yield
            # A backend ends, and gives its locks back, a moment after its connection is closed.
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
    finally:
        another.close()


def test_while_another_process_seals_this_one_does_not_wait(stream: str) -> None:
    append(stream=stream, expected_version=0, events=[happened()])
    seals = Seal.objects.count()
    with held_by_another_process(sealing.SEALING_LOCK):
        tasks.seal_events()
    assert Seal.objects.count() == seals
    tasks.seal_events()
    assert Seal.objects.count() == seals + 1


def test_while_another_process_archives_this_one_does_not_wait(sealed: str) -> None:
    with held_by_another_process(archiving.ARCHIVING_LOCK):
        tasks.archive_events()
    assert Archive.objects.count() == 0
    tasks.archive_events()
    assert Event.objects.filter(stream=sealed).count() == 1

"""Tampering under the seals, with the seals, and with archived events is found, recomputed chains included."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from opinion_market.eventstore import archive_files, archiving
from opinion_market.eventstore.breaks import BreakKind
from opinion_market.eventstore.hashing import canonical_json, event_hash
from opinion_market.eventstore.models import Archive, Event, Seal
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.verify import verify_events
from opinion_market.kernel.clock import microseconds
from tests.eventstore.conftest import NOON
from tests.eventstore.sealed import LATER, breaks, everything_is_final, record, seal_all, tamper

HOUR = timedelta(hours=1)


@pytest.fixture
def final(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    """What a test records can be sealed within its own transaction; all that was there before is sealed."""
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path
    seal_all()


@contextmanager
def under(key: str, settings: Any) -> Iterator[None]:
    old, settings.SEAL_KEY = settings.SEAL_KEY, key
    yield
    settings.SEAL_KEY = old


def recompute_chain(stream: str) -> None:
    """What an intruder with the owner's rights does after changing an event: make every hash right again."""
    previous = bytes(32)
    for event in Event.objects.filter(stream=stream).order_by("version"):
        digest = event_hash(
            previous,
            stream=event.stream,
            version=event.version,
            type=event.type,
            schema_version=event.schema_version,
            at_us=microseconds(event.recorded_at),
            data=canonical_json(event.data),
            metadata=canonical_json(event.metadata),
        )
        tamper(
            "eventstore_event",
            "UPDATE eventstore_event SET previous_hash = %s, hash = %s WHERE position = %s",
            previous, digest, event.position,
        )  # fmt: skip
        previous = digest


@pytest.mark.usefixtures("final")
def test_a_recomputed_chain_is_found_by_its_seal(stream: str) -> None:
    record(stream, 4)
    seal = seal_all()
    record(f"{stream}-later", 2)
    seal_all(NOON + HOUR)
    tamper(
        "eventstore_event",
        "UPDATE eventstore_event SET data = '{\"number\":99}' WHERE stream = %s AND version = 2", stream,
    )  # fmt: skip
    recompute_chain(stream)
    assert verify_events(stream=stream).intact
    assert breaks() == {BreakKind.SEAL_ROOT: seal.number}


REMOVALS = {
    "from the end": "DELETE FROM eventstore_event WHERE stream = %s AND version = 4",
    "all": "DELETE FROM eventstore_event WHERE stream = %s",
}


@pytest.mark.usefixtures("final")
@pytest.mark.parametrize("removal", REMOVALS)
def test_removed_events_are_found_though_nothing_remembers_them(stream: str, removal: str) -> None:
    record(stream, 4)
    seal = seal_all()
    tamper("eventstore_event", REMOVALS[removal], stream)
    assert breaks() == {BreakKind.SEAL_ROOT: seal.number}


@pytest.mark.usefixtures("final")
def test_an_event_slipped_in_between_two_seals_is_found(stream: str) -> None:
    record(stream, 2)
    first = seal_all()
    record(stream, 2)
    second = seal_all(NOON + HOUR)
    record(f"{stream}-forged", 1)
    tamper(
        "eventstore_event",
        "UPDATE eventstore_event SET transaction_id = %s, position = %s WHERE stream = %s",
        first.last_transaction_id, first.last_position + 1, f"{stream}-forged",
    )  # fmt: skip
    assert breaks() == {BreakKind.SEAL_ROOT: second.number}


SEAL_CHANGES = {
    "root = sha256('x')": {BreakKind.SEAL_ROOT, BreakKind.SEAL_CHAIN, BreakKind.SEAL_SIGNATURE},
    "events = events + 1": {BreakKind.SEAL_ROOT, BreakKind.SEAL_CHAIN, BreakKind.SEAL_SIGNATURE},
    "sealed_at = sealed_at + interval '1 microsecond'": {BreakKind.SEAL_CHAIN, BreakKind.SEAL_SIGNATURE},
    "first_position = first_position + 1": {BreakKind.SEAL_CHAIN, BreakKind.SEAL_SIGNATURE},
    "hash = sha256('x')": {BreakKind.SEAL_CHAIN},
    "previous_hash = sha256('x')": {BreakKind.SEAL_CHAIN, BreakKind.SEAL_SIGNATURE},
    "signature = set_byte(signature, 7, get_byte(signature, 7) # 1)": {BreakKind.SEAL_SIGNATURE},
}


@pytest.mark.usefixtures("final")
@pytest.mark.parametrize("change", SEAL_CHANGES)
def test_a_changed_seal_is_found(stream: str, change: str) -> None:
    record(stream, 3)
    seal = seal_all()
    record(stream, 1)
    seal_all(NOON + HOUR)
    tamper("eventstore_seal", f"UPDATE eventstore_seal SET {change} WHERE number = %s", seal.number)  # noqa: S608
    found = verify_events()
    assert found.first.keys() == SEAL_CHANGES[change]
    assert min(each.version for each in found.first.values()) == seal.number


@pytest.mark.usefixtures("final")
def test_seals_signed_anew_with_another_key_are_found(stream: str, settings: Any) -> None:
    """The intruder recomputes chain, roots and seals, with a key of their own in the table of keys."""
    record(stream, 3)
    seal_all()
    with under(secrets.token_urlsafe(32), settings):
        tamper("eventstore_seal", "DELETE FROM eventstore_seal")
        seal_events(now=NOON)
        assert verify_events().intact
    assert breaks() == {BreakKind.SEAL_KEY: Seal.objects.latest("number").number}


@pytest.mark.usefixtures("final")
def test_a_missing_seal_is_found(stream: str) -> None:
    record(stream, 3)
    seal = seal_all()
    record(stream, 3)
    seal_all()
    tamper("eventstore_seal", "DELETE FROM eventstore_seal WHERE number = %s", seal.number)
    assert breaks()[BreakKind.SEAL_CHAIN] == seal.number + 1


@pytest.fixture
def archived(final: None, stream: str) -> str:
    record(stream, 6)
    seal_all()
    archiving.archive_events(before=LATER, now=LATER)
    result = verify_events()
    assert result.intact
    assert result.archives == Archive.objects.count()
    return stream


def test_archived_events_are_verified_with_the_rest(archived: str) -> None:
    result = verify_events(stream=archived)
    assert (result.events, result.streams, result.intact) == (6, 1, True)
    out = StringIO()
    call_command("verify_events", stdout=out)
    assert "archive files.\nEvery chain is intact." in out.getvalue()


HARMS: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "another": lambda path: path.write_bytes(b"something else"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_found_and_named(archived: str, harm: str) -> None:
    archive = Archive.objects.filter(archived__stream=archived).first()
    assert archive is not None
    HARMS[harm](archive_files.path_of(archive.sha256))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_events", stdout=out)
    assert f"archive_damaged: 1; the first is file {archive.file_name}" in out.getvalue()


def test_a_break_at_the_boundary_is_found(archived: str) -> None:
    tamper("eventstore_event", "UPDATE eventstore_event SET previous_hash = sha256('x') WHERE stream = %s", archived)
    assert BreakKind.WRONG_PREVIOUS_HASH in verify_events(stream=archived).first


def test_a_changed_place_is_found(archived: str) -> None:
    tamper(
        "eventstore_archivedevent",
        "UPDATE eventstore_archivedevent SET hash = sha256('x') WHERE stream = %s AND version = 3", archived,
    )  # fmt: skip
    assert breaks().keys() >= {BreakKind.WRONG_HASH, BreakKind.SEAL_ROOT}


def test_a_removed_place_is_found(archived: str) -> None:
    tamper(
        "eventstore_archivedevent", "DELETE FROM eventstore_archivedevent WHERE stream = %s AND version = 3", archived
    )
    assert breaks().keys() >= {BreakKind.ARCHIVE_DAMAGED, BreakKind.MISSING_VERSION, BreakKind.SEAL_ROOT}

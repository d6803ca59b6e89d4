"""Seals cover every event once, in order, whoever seals when; tampering under them is found, recomputed chains included."""

import base64
import secrets
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from opinion_market.eventstore import archive_files, archiving, sealing
from opinion_market.eventstore.append import append
from opinion_market.eventstore.breaks import BreakKind
from opinion_market.eventstore.hashing import canonical_json, event_hash
from opinion_market.eventstore.merkle import leaf_hash
from opinion_market.eventstore.models import Archive, Event, Seal, SealKey
from opinion_market.eventstore.read import GlobalKey, read_stream
from opinion_market.eventstore.seal_keys import signing_key
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.verify import verify_events
from opinion_market.kernel.clock import microseconds
from tests.eventstore.conftest import NOON, happened, threads
from tests.eventstore.sealed import LATER, everything_is_final, seal_all
from tests.eventstore.test_merkle import naive_root

HOUR = timedelta(hours=1)


@pytest.fixture
def final(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path
    seal_all()


def record(stream: str, count: int) -> None:
    append(stream=stream, expected_version=None, events=[happened(number) for number in range(count)])


def tamper(table: str, statement: str, *parameters: object) -> None:
    """What somebody with the table owner's rights can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def breaks() -> dict[BreakKind, int]:
    return {kind: found.version for kind, found in verify_events().first.items()}


@pytest.mark.usefixtures("final")
def test_each_seal_continues_the_one_before_and_covers_what_came_since(stream: str) -> None:
    before = Seal.objects.latest("number")
    record(stream, 5)
    first = seal_all(NOON + HOUR)
    assert seal_events(now=NOON + 2 * HOUR) == []
    record(stream, 3)
    second = seal_all(NOON + 3 * HOUR)
    assert [first.number, second.number] == [before.number + 1, before.number + 2]
    assert [first.events, second.events] == [5, 3]
    assert bytes(second.previous_hash) == bytes(first.hash)
    events = list(read_stream(stream))
    assert bytes(first.root) == naive_root([leaf_hash(event.position, event.hash) for event in events[:5]])
    assert bytes(second.root) == naive_root([leaf_hash(event.position, event.hash) for event in events[5:]])
    result = verify_events()
    assert result.intact
    assert result.seals == second.number


@pytest.mark.usefixtures("final")
def test_more_events_than_one_seal_takes_are_sealed_by_several(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_EVENTS", 4)
    record(stream, 10)
    assert [seal.events for seal in seal_events(now=NOON)] == [4, 4, 2]
    assert verify_events().intact


@pytest.mark.usefixtures("final")
def test_a_seal_of_several_blocks_has_the_plain_root(stream: str) -> None:
    record(stream, 2500)
    seal = seal_all()
    leaves = [leaf_hash(event.position, event.hash) for event in read_stream(stream)]
    assert bytes(seal.root) == naive_root(leaves)
    assert len(bytes(seal.blocks)) == 3 * 48


@pytest.mark.usefixtures("final")
def test_seals_and_keys_are_written_once(stream: str) -> None:
    record(stream, 1)
    seal_all()
    for table in ("eventstore_seal", "eventstore_sealkey"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608
            with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
                execute(statement)


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


@contextmanager
def under(key: str, settings: Any):  # type: ignore[no-untyped-def]
    old, settings.SEAL_KEY = settings.SEAL_KEY, key
    yield
    settings.SEAL_KEY = old


@pytest.mark.usefixtures("final")
def test_after_a_rotation_the_new_key_signs_and_old_seals_verify(stream: str, settings: Any) -> None:
    record(stream, 2)
    old = seal_all()
    settings.SEAL_KEY = secrets.token_urlsafe(32)
    assert breaks() == {BreakKind.SEAL_KEY: old.number}
    seal_events(now=NOON + HOUR)
    newest = Seal.objects.latest("number")
    assert newest.key_id == signing_key().id != old.key_id
    assert verify_events().intact
    introduced = list(read_stream("seals"))[-1]
    assert introduced.type == "SealKeyIntroduced"
    assert introduced.data["key_id"] == newest.key_id
    out = StringIO()
    call_command("rotate_seal_key", "--list", stdout=out)
    assert [line.split()[0] for line in out.getvalue().splitlines()] == list(
        SealKey.objects.values_list("pk", flat=True)
    )
    assert out.getvalue().count("(present)") == 1


def test_the_command_makes_a_key_that_the_setting_takes() -> None:
    out, err = StringIO(), StringIO()
    call_command("rotate_seal_key", stdout=out, stderr=err)
    name, _, value = out.getvalue().strip().partition("=")
    assert name == "SEAL_KEY"
    assert len(base64.urlsafe_b64decode(value + "=")) == 32


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


def test_events_of_open_transactions_wait_for_the_next_seal(committed_db: None, stream: str) -> None:
    """With real commits: what is committed late is sealed later, never skipped and never slipped under an old seal."""
    seal_events(now=datetime.now(UTC))

    def late() -> None:
        with transaction.atomic():
            record(f"{stream}-late", 2)
            record_in_another_transaction()
            seal_events_in_another_transaction()

    def in_thread(work: Callable[[], object]) -> None:
        with threads(1) as start:
            start(work)

    def record_in_another_transaction() -> None:
        in_thread(lambda: record(stream, 3))

    def seal_events_in_another_transaction() -> None:
        in_thread(lambda: seal_events(now=datetime.now(UTC)))

    in_thread(late)
    newest = Seal.objects.latest("number")
    for event in (*read_stream(stream), *read_stream(f"{stream}-late")):
        assert (event.transaction_id, event.position) > (newest.last_transaction_id, newest.last_position)
    sealed = 0
    for _ in range(200):
        sealed += sum(seal.events for seal in seal_events(now=datetime.now(UTC)))
        if sealed >= 5:
            break
    assert sealed >= 5
    assert verify_events(stream=stream).intact


def test_two_processes_seal_each_event_once(committed_db: None, stream: str) -> None:
    with threads(4) as start:
        for number in range(4):

            def work(number: int = number) -> None:
                for _ in range(10):
                    record(f"{stream}-{number}", 3)
                    seal_events(now=datetime.now(UTC))

            start(work)
    seals = list(Seal.objects.order_by("number"))
    assert [seal.number for seal in seals] == list(range(1, len(seals) + 1))
    for before, after in pairwise(seals):
        assert bytes(after.previous_hash) == bytes(before.hash)
        assert sealing.last_key(before) < GlobalKey(after.first_transaction_id, after.first_position)

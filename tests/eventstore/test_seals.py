"""Seals cover every event once, in order, whoever seals when, and a key that is changed leaves the old ones valid."""

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from opinion_market.eventstore import sealing
from opinion_market.eventstore.breaks import BreakKind
from opinion_market.eventstore.merkle import leaf_hash
from opinion_market.eventstore.models import Seal, SealKey
from opinion_market.eventstore.read import GlobalKey, read_stream
from opinion_market.eventstore.seal_keys import signing_key
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.verify import verify_events
from tests.eventstore.conftest import NOON, threads
from tests.eventstore.sealed import breaks, everything_is_final, record, seal_all
from tests.eventstore.test_merkle import naive_root

HOUR = timedelta(hours=1)


@pytest.fixture
def final(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    """What a test records can be sealed within its own transaction; all that was there before is sealed."""
    everything_is_final(monkeypatch)
    settings.ARCHIVE_DIR = tmp_path
    seal_all()


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
    newest = Seal.objects.order_by("-number").first()
    sealed_until = (newest.last_transaction_id, newest.last_position) if newest is not None else (0, 0)
    for event in (*read_stream(stream), *read_stream(f"{stream}-late")):
        assert (event.transaction_id, event.position) > sealed_until
    # Sealing waits for whatever transaction is open on the server, those of other tests' workers included.
    sealed, until = 0, monotonic() + 800
    while sealed < 5 and monotonic() < until:
        sealed += sum(seal.events for seal in seal_events(now=datetime.now(UTC)))
        sleep(0.05)
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

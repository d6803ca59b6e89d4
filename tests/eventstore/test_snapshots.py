"""A snapshot is used when it is whole, of this shape and of this stream; otherwise as if it were not there."""

import logging
import zlib

import pytest

from opinion_market.eventstore.append import append
from opinion_market.eventstore.models import Snapshot
from opinion_market.eventstore.snapshots import LoadedSnapshot, load_snapshot, save_snapshot
from tests.eventstore.conftest import NOON, happened

pytestmark = pytest.mark.django_db


@pytest.fixture
def counted(stream: str) -> str:
    append(stream=stream, expected_version=0, events=[happened(number) for number in range(1, 6)])
    return stream


def keep(stream: str, *versions: int, schema_version: int = 1) -> None:
    for version in versions:
        save_snapshot(stream=stream, version=version, state={"sum": version}, at=NOON, schema_version=schema_version)


def test_the_newest_is_loaded_and_the_last_two_are_kept(counted: str) -> None:
    assert load_snapshot(counted) is None
    keep(counted, 1, 3, 5, 5)
    assert load_snapshot(counted) == LoadedSnapshot(5, {"sum": 5})
    assert list(Snapshot.objects.filter(stream=counted).values_list("version", flat=True)) == [5, 3]


@pytest.mark.parametrize(
    "damage",
    [
        {"state": b"nonsense"},
        {"state": zlib.compress(b'{"sum":6}')},
        {"state_hash": bytes(32)},
        {"schema_version": 2},
        {"version": 4},
    ],
)
def test_a_damaged_one_is_logged_and_the_one_before_it_used(
    counted: str, damage: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    keep(counted, 2, 5)
    Snapshot.objects.filter(stream=counted, version=5).update(**damage)
    with caplog.at_level(logging.INFO):
        assert load_snapshot(counted) == LoadedSnapshot(2, {"sum": 2})
    assert "ignored" in caplog.text


def test_one_of_another_schema_version_or_ahead_of_its_stream_is_ignored(counted: str) -> None:
    keep(counted, 3)
    assert load_snapshot(counted, schema_version=2) is None
    keep(counted, 6, 7)
    assert load_snapshot(counted) is None

"""Sealing within a test's own transaction, whose events are never below the store's horizon; and tampering there."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from opinion_market.eventstore import leaves, read
from opinion_market.eventstore.append import append
from opinion_market.eventstore.breaks import BreakKind
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.sealing import seal_events
from opinion_market.eventstore.verify import verify_events
from tests.eventstore.conftest import NOON, happened

LATER = NOON + timedelta(days=800)


def everything_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the running transaction's events sealed too. The horizon itself is tested with real commits."""
    for module in (leaves, read):
        monkeypatch.setattr(module, "HORIZON", str(2**62))


def seal_all(now: datetime = NOON) -> Seal:
    """Seal what is new; the newest seal."""
    seal_events(now=now)
    return Seal.objects.latest("number")


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

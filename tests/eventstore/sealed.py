"""Sealing within a test's own transaction, whose events are never below the store's horizon."""

from datetime import datetime, timedelta

import pytest

from opinion_market.eventstore import leaves, read
from opinion_market.eventstore.models import Seal
from opinion_market.eventstore.sealing import seal_events
from tests.eventstore.conftest import NOON

LATER = NOON + timedelta(days=800)


def everything_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the running transaction's events sealed too. The horizon itself is tested with real commits."""
    for module in (leaves, read):
        monkeypatch.setattr(module, "HORIZON", str(2**62))


def seal_all(now: datetime = NOON) -> Seal:
    """Seal what is new; the newest seal."""
    seal_events(now=now)
    return Seal.objects.latest("number")

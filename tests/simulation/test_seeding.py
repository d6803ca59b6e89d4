"""Seeding the demonstration survives an interruption."""

import pytest

from governance.identity.models import User
from markets.ledger.models import Account
from markets.simulation import demo
from opinion_market.kernel import clock


@pytest.mark.django_db
def test_an_interrupted_seeding_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = demo.EXHIBITS
    monkeypatch.setattr(demo, "EXHIBITS", whole[:2])
    demo.seed(clock=clock.now, admin=None)
    administrator = User.objects.create_superuser("admin")
    monkeypatch.setattr(demo, "EXHIBITS", whole[:4])
    assert demo.seed(clock=clock.now, admin=administrator) == 2
    assert Account.objects.get(owner=administrator).balance_units == demo.ADMIN_UNITS

"""What Celery beat starts for the exchange, and that a late start makes up for what was missed."""

import logging
from datetime import timedelta

import pytest
from django.conf import settings

from markets.audit.tasks import audit_exchange
from markets.lifecycle.models import Market
from markets.lifecycle.tasks import run_schedule
from markets.trading.models import Order
from markets.trading.tasks import expire_due_orders
from opinion_market.kernel import clock
from tests.audit.conftest import Venue
from tests.audit.test_audit import tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def an_hour_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)


def test_the_schedule_names_the_tasks_of_the_exchange() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {run_schedule.name, expire_due_orders.name, audit_exchange.name} <= scheduled


def test_a_market_closes_however_late_and_only_once(venue: Venue, request: pytest.FixtureRequest) -> None:
    due = venue.open_market(closes_at=clock.now() + timedelta(minutes=1))
    other = venue.open_market(closes_at=clock.now() + timedelta(hours=2))
    assert run_schedule() == 0
    request.getfixturevalue("an_hour_passes")
    assert (run_schedule(), run_schedule()) == (1, 0)
    due.refresh_from_db()
    other.refresh_from_db()
    assert (due.status, other.status) == (Market.Status.CLOSED, Market.Status.OPEN)


def test_orders_past_their_time_give_back_what_they_reserve(venue: Venue, request: pytest.FixtureRequest) -> None:
    market = venue.open_market()
    soon = clock.now() + timedelta(minutes=1)
    due = venue.order(0, market, "buy", 5, 4_000, time_in_force="gtd", expires_at=soon)
    stays = venue.order(1, market, "buy", 5, 3_000)
    assert expire_due_orders() == 0
    request.getfixturevalue("an_hour_passes")
    assert (expire_due_orders(), expire_due_orders()) == (1, 0)
    statuses = dict(Order.objects.filter(pk__in=[due, stays]).values_list("pk", "status"))
    assert statuses == {due: Order.Status.EXPIRED, stays: Order.Status.OPEN}
    assert not Order.objects.get(pk=due).reserved_units


def test_the_nightly_audit_logs_what_is_broken(busy: Venue, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert audit_exchange() == 0
    tamper("markets_account", "balance_units = balance_units + 7 WHERE kind = 'subsidy'")
    with caplog.at_level(logging.ERROR):
        assert audit_exchange() == 2
    assert "An account's balance is the sum of its postings" in caplog.text

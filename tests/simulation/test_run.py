"""The simulation trades, asks its questions again, and stops when told to."""

import os
import signal
from datetime import timedelta
from io import StringIO
from random import Random
from threading import Timer

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from governance.identity.models import User
from markets.audit.checks import run_all
from markets.ledger.models import Posting
from markets.lifecycle import services as lifecycle
from markets.lifecycle.models import Market
from markets.simulation import run
from markets.simulation.cast import casts
from markets.simulation.catalogue import LIVE, ROUNDS
from markets.simulation.rounds import LONGEST_ROUND, Rounds
from markets.simulation.run import Simulation
from markets.simulation.trading_floor import Tally, TradingFloor
from opinion_market.kernel import clock

pytestmark = pytest.mark.xdist_group("demonstration")


def deposits() -> int:
    return Posting.objects.filter(reason=Posting.Reason.DEPOSIT).aggregate(total=Sum("delta_units"))["total"]


def test_traders_trade_and_nothing_is_topped_up(seeded: User) -> None:
    before = deposits()
    tally = Simulation(rate=500, seed=3, clock=clock.now).run(seconds=2)
    assert tally.orders > 20
    assert tally.fills > 5
    assert deposits() == before
    assert all(result.passed for result in run_all())


def test_a_signal_ends_it_cleanly(seeded: User) -> None:
    before = signal.getsignal(signal.SIGTERM)
    out = StringIO()
    Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM)).start()
    call_command("simulate", "--rate", "20", "--seconds", "60", stdout=out)
    assert "orders" in out.getvalue()
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_a_demonstration_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "casts", list)
    with pytest.raises(CommandError, match=r"run `manage\.py seed_demo` first"):
        call_command("simulate", "--seconds", "1")


def test_refusals_are_survived(seeded: User) -> None:
    (cast, *_) = casts()
    tally = Tally()
    floor = TradingFloor(cast, Random(0), 0, tally)
    floor.look_around()
    for market in Market.objects.filter(pk__in=floor.open_markets):
        lifecycle.halt_market(actor=cast.staff.creator, market=market, reason="a pause").unwrap()
    for _ in range(20):
        floor.act(now=clock.now())
    assert tally.refused == tally.orders > 0


def test_questions_are_settled_and_asked_again_with_duties_kept_apart(
    seeded: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cast, *_) = casts()
    questions = len(ROUNDS[cast.tenant.slug])
    rounds = Rounds(cast, Random(0), 0)
    live = Market.objects.filter(organization=cast.organization, category=LIVE)
    start = clock.now()
    for minutes in range(0, 600, 5):
        moment = start + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        rounds.tend(now=moment)
        assert live.filter(status=Market.Status.OPEN).count() == questions
    settled = live.filter(status=Market.Status.SETTLED)
    assert settled.count() >= questions * (timedelta(minutes=600) / LONGEST_ROUND - 2)
    for market in live.exclude(status=Market.Status.OPEN):
        assert market.created_by_id not in {market.approved_by_id, market.resolved_by_id}
    assert all(result.passed for result in run_all())
    texts = list(live.values_list("question", flat=True))
    assert len(set(texts)) == len(texts)

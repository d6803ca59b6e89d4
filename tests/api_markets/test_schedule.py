"""Opening, closing and paying by the clock, however late somebody looks at it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from markets.lifecycle.tasks import run_schedule
from opinion_market.kernel import clock
from tests.api_markets.endings import WHY, YES, a_resolved_market, available, wind
from tests.api_markets.venue import CREDIT

pytestmark = pytest.mark.usefixtures("everything_adds_up")


def test_the_scheduler_opens_closes_and_pays_once_and_says_when_it_was_due(venue, monkeypatch):
    begin = now()
    terms = {"opens_at": begin + timedelta(hours=1), "closes_at": begin + timedelta(hours=2)}
    market = venue.draft(
        **{name: at.isoformat() for name, at in terms.items()}, auto_finalize=True, dispute_window_s=600
    )
    venue.chief.post(f"markets/{market}/submit")
    assert run_schedule() == 0
    venue.second.post(f"markets/{market}/approve")
    assert run_schedule() == 0
    wind(monkeypatch, minutes=61)
    assert (run_schedule(), run_schedule()) == (1, 0)
    ann, bob = venue.trader(), venue.trader()
    bob.order(market, outcome=1, price=4000)
    ann.order(market, price=6000)
    wind(monkeypatch, minutes=60)
    assert ann.order_refused(market) == (409, "market_not_open")
    assert ann.refused("post", f"markets/{market}/mint", {"quantity": 1}) == (409, "market_not_open")
    assert (run_schedule(), run_schedule()) == (1, 0)
    venue.second.post(f"markets/{market}/resolve", YES)
    wind(monkeypatch, minutes=11)
    assert run_schedule() == 0  # nobody but the proposer has looked at it yet
    assert venue.second.refused("post", f"markets/{market}/confirm") == (403, "duties_not_separate")
    venue.third.post(f"markets/{market}/confirm")
    assert venue.third.refused("post", f"markets/{market}/confirm") == (409, "already_confirmed")
    assert (run_schedule(), run_schedule()) == (1, 0)
    assert available(ann) == 1004 * CREDIT
    due = {
        event["type"]: event["data"].get("due_at")
        for event in ann.get(f"markets/{market}/events")["results"]
        if "due_at" in event["data"]
    }
    assert due.keys() == {"MarketOpened", "MarketClosed", "ResolutionFinalized"}
    assert due["MarketOpened"] == clock.text(terms["opens_at"])
    assert due["MarketClosed"] == clock.text(terms["closes_at"])


def test_a_confirmed_resolution_is_paid_at_the_end_of_its_window_unless_it_is_disputed(venue, monkeypatch):
    market, _, bob = a_resolved_market(venue, auto_finalize=True)
    venue.third.post(f"markets/{market}/confirm")
    bob.post(f"markets/{market}/dispute", WHY)
    wind(monkeypatch, hours=2)
    assert run_schedule() == 0
    venue.member("admin").post(f"markets/{market}/review", {"decision": "uphold", "reason": "x"})
    assert run_schedule() == 1
    assert bob.get(f"markets/{market}")["status"] == "settled"


def test_a_market_opened_early_trades_from_its_hour_on(venue, monkeypatch):
    market = venue.market(opens_at=(now() + timedelta(hours=1)).isoformat())
    ann = venue.trader()
    assert ann.order_refused(market) == (409, "market_not_open")
    wind(monkeypatch, hours=1, seconds=1)
    assert ann.order(market)["status"] == "open"


def test_looking_for_due_steps_is_one_statement_over_indexes(venue, django_assert_num_queries):
    venue.market()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with django_assert_num_queries(1) as captured:
        assert run_schedule() == 0
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert {"market_opening", "market_closing", "market_finalizing"} <= set(re.findall(r"market_\w+", plan)), plan


def test_an_opening_that_fails_is_tried_again_after_a_minute(venue, monkeypatch):
    market = venue.draft(house_liquidity=1_000_000, opens_at=(now() + timedelta(hours=1)).isoformat())
    venue.chief.post(f"markets/{market}/submit")
    venue.second.post(f"markets/{market}/approve")
    wind(monkeypatch, hours=1, seconds=1)
    assert run_schedule() == 0
    venue.chief.post(f"organizations/{venue.organization.slug}/subsidy", {"units": 10_000_000 * CREDIT})
    assert run_schedule() == 0
    wind(monkeypatch, seconds=61)
    assert run_schedule() == 1


def test_times_that_contradict_each_other_are_refused(venue):
    hour = timedelta(hours=1)
    body = {"organization": venue.organization.slug, "question": "Q?", "criteria": "C."}
    backwards = {"opens_at": (now() + 2 * hour).isoformat(), "closes_at": (now() + hour).isoformat()}
    for faulty in (backwards, {"opens_at": (now() - hour).isoformat()}):
        assert venue.chief.refused("post", "markets", {**body, **faulty}) == (422, "invalid_market")

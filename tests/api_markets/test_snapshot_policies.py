"""Staff decide how often markets are snapshotted; it acts on what the sequencer does, and on what beat does."""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opinion_market.eventstore import snapshot_policies
from opinion_market.eventstore.models import Snapshot
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel import clock
from tests.api_markets.test_commands import COMMANDS, give
from tests.api_markets.venue import Person, Venue
from tests.eventstore.test_api import project
from tests.governance.people import a_user, calling_as

POLICIES = "event-sourcing/snapshot-policies"


@pytest.fixture(autouse=True)
def policies_are_read_anew() -> Iterator[None]:
    """What one test decided is rolled back; the process must not remember it."""
    snapshot_policies._memory.forget()
    yield
    snapshot_policies._memory.forget()


@pytest.fixture
def root(db: None) -> Person:
    user = a_user(superuser=True)
    return Person(user, calling_as(user))


def decide(root: Person, **policy: object) -> None:
    give(root, "set_snapshot_policy", **{"kind": "market", "every_events": 1_000, **policy})
    snapshot_policies._memory.forget()  # the test's transaction does not commit


def versions(market: str) -> list[int]:
    return list(
        Snapshot.objects.filter(stream=f"market-{market}").order_by("version").values_list("version", flat=True)
    )


def trade(venue: Venue, market: str, orders: int) -> None:
    trader = venue.trader(100_000)
    one = {"market": market, "outcome": 0, "side": "buy", "price": 10, "quantity": 1}
    for _ in range(orders // 500):
        trader.post("orders/batch", {"orders": [one] * 500}, 200)


def test_markets_are_snapshotted_as_often_as_decided_and_as_many_are_kept(venue: Venue, root: Person) -> None:
    market = venue.market()
    trade(venue, market, 1_000)
    assert versions(market) == []
    decide(root, kept=3)
    trade(venue, market, 4_500)
    taken = versions(market)
    assert len(taken) == 3
    assert all(later - earlier >= 1_000 for earlier, later in itertools.pairwise(taken))
    project(f"market-{market}")
    found = venue.chief.get(f"event-sourcing/aggregates/market-{market}", version=taken[0] + 7)
    assert (found["as_of"]["snapshot_version"], found["as_of"]["replayed_events"]) == (taken[0], 7)


def test_a_market_that_moved_is_snapshotted_when_its_snapshot_is_old(venue: Venue, root: Person) -> None:
    decide(root, every_events=1_000_000, max_age_s=600)
    market, quiet = venue.market(), venue.draft()
    for stream in (market, quiet):
        project(f"market-{stream}")
    soon, later = (clock.now() + timedelta(seconds=seconds) for seconds in (300, 700))

    def work(now: object) -> int:
        return snapshot_policies.take_due(now=now, clock=lambda: now, seconds=60)

    assert (work(soon), work(later), work(later)) == (0, 2, 0)
    assert versions(market) == [4]
    venue.trader().order(market, price=10)
    project(f"market-{market}")
    assert (work(later + timedelta(seconds=300)), work(later + timedelta(seconds=700))) == (0, 1)
    assert versions(market) == [4, 5]


def test_asking_for_the_policy_costs_a_query_every_ten_seconds_at_most(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(1_000):
            snapshot_policies.policy_for("market")
    assert len(queries) == 1


def test_a_policy_is_shown_recorded_and_checked(venue: Venue, root: Person) -> None:
    assert venue.chief.get(POLICIES) == [
        {"kind": "market", "is_default": True, "every_events": 5_000, "max_age_s": None, "kept": 2}
    ]
    decide(root, every_events=2_000, max_age_s=3_600, kept=5, reason="Audits")
    assert venue.chief.get(POLICIES) == [
        {"kind": "market", "is_default": False, "every_events": 2_000, "max_age_s": 3_600, "kept": 5}
    ]
    assert list(read_stream("snapshots"))[-1].data["reason"] == "Audits"
    for wrong in ({"every_events": 1}, {"kept": 0}, {"kind": "account"}, {"max_age_s": 1}, {"every_events": -5}):
        body = {"command": "set_snapshot_policy", "input": {"kind": "market", "every_events": 1_500, **wrong}}
        assert root.refused("post", COMMANDS, body) == (422, "invalid_snapshot_policy")
    body = {"command": "set_snapshot_policy", "input": {"kind": "market", "every_events": 1_500}}
    assert venue.chief.refused("post", COMMANDS, body) == (403, "not_permitted")

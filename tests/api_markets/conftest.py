from collections.abc import Iterator

import pytest

from markets.audit.checks import run_all
from markets.audit.replay import replay_markets
from opinion_market.kernel import clock
from tests.api_markets.venue import Person, Venue
from tests.governance.people import calling_as


@pytest.fixture
def venue(db: None) -> Venue:
    return Venue()


@pytest.fixture
def elsewhere(db: None) -> Venue:
    """Another tenant."""
    return Venue()


@pytest.fixture
def anybody(db: None) -> Person:
    """A caller without credentials."""
    return Person(user=None, client=calling_as(None))


@pytest.fixture
def everything_adds_up(venue: Venue) -> Iterator[None]:
    """After each test: every invariant the tables show, and the streams replayed."""
    yield
    scope = {"organization_ids": [venue.organization.pk]}
    results = run_all(**scope) + replay_markets(now=clock.now(), **scope)
    assert [result for result in results if not result.passed] == []

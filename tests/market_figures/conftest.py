import pytest

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

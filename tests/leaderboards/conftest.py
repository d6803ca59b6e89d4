"""Venues for the tests over HTTP."""

import pytest

from tests.api_markets.venue import Venue


@pytest.fixture
def venue(db: None) -> Venue:
    return Venue()


@pytest.fixture
def elsewhere(db: None) -> Venue:
    return Venue()

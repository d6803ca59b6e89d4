from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.scene import Exchange
from tests.own_cache import forget_all


@pytest.fixture(autouse=True)
def _attempts_forgotten() -> Iterator[None]:
    """Attempts to sign in are counted in Redis, which outlives a test."""
    forget_all()
    yield
    forget_all()


@pytest.fixture
def exchange(db: None) -> Exchange:
    return Exchange()


@pytest.fixture
def open_sign_up(settings: Any, exchange: Exchange) -> Exchange:
    """The installation lets people sign up, into this organization, with 25 credits."""
    settings.SIGN_UP = True
    settings.SIGN_UP_ORGANIZATION = exchange.organization.slug
    settings.SIGN_UP_CREDITS = 25
    return exchange

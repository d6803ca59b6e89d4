"""The demonstration, seeded once per module: each test sees it fresh, and all of it is rolled back at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from governance.identity.models import User
from markets.simulation import demo
from opinion_market.kernel import clock


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction, or a savepoint in one, in which a service may open its own, as Django's TestCase does it."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def demonstration(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """The administrator of an installation with the demonstration."""
    with django_db_blocker.unblock(), rolled_back():
        administrator = User.objects.create_superuser("admin")
        demo.seed(clock=clock.now, admin=administrator)
        yield administrator


@pytest.fixture
def seeded(demonstration: User) -> Iterator[User]:
    with rolled_back():
        yield demonstration

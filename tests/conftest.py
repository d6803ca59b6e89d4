"""Fixtures that tests of every package share."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database with real commits, for tests with threads or several connections.

    Nothing is rolled back or flushed (events refuse TRUNCATE): a test makes streams and organizations of its own, leaves
    them, and closes the connections of its threads.
    """
    with django_db_blocker.unblock():
        yield

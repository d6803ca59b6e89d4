"""Fixtures that tests of every package share."""

import signal
from collections.abc import Iterator

import pytest
from _pytest.nodeid import NodeId
from django.conf import settings as project
from django.test.utils import setup_databases, teardown_databases
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

# A runner that was started in the background ignores Ctrl-C, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The default is the same on every run, so that a red build is red for its change; the nightly run looks for new cases:
# pytest --hypothesis-profile=nightly tests/properties
_SLOW_BY_DESIGN = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
settings.register_profile(
    "default",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    stateful_step_count=60,
    print_blob=True,
    suppress_health_check=_SLOW_BY_DESIGN,
)
settings.register_profile("nightly", settings.get_profile("default"), derandomize=False, max_examples=3_000)
settings.load_profile("default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the name of a test's `xdist_group` behind its id, by which `--dist loadgroup` keeps a group on one worker.

    pytest-xdist 3.8 writes it into an attribute that pytest 9.2 no longer reads, and its groups come apart in silence.
    """
    if not config.option.__dict__.get("loadgroup"):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and not item.nodeid.endswith(suffix := f"@{group.args[0]}"):
            item._id = NodeId.parse(item.nodeid + suffix)
            assert item.nodeid.endswith(suffix)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, django_db_modify_db_settings: None
) -> Iterator[None]:
    """The test database, always.

    pytest-django's own fixture leaves it out when no collected test is marked `django_db`; tests with `committed_db` alone
    would then write to the very database that DATABASE_URL names.
    """
    with django_db_blocker.unblock():
        created = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(created, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(worker_id: str) -> None:
    """Workers share one Redis; each has a database in it, so that what one counts or clears is not another's."""
    number = 0 if worker_id == "master" else 1 + int(worker_id.removeprefix("gw"))
    project.CACHES["default"].setdefault("OPTIONS", {})["db"] = number


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database with real commits, for tests with threads or several connections.

    Nothing is rolled back or flushed (events refuse TRUNCATE): a test makes streams and organizations of its own, leaves
    them, and closes the connections of its threads.
    """
    with django_db_blocker.unblock():
        yield

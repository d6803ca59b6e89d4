"""One platform and one Chromium for all browser tests; a fresh browser context for each person of a test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import MISSING, installed_chromium
from tests.browser.person import Person
from tests.browser.pictures import DESKTOP
from tests.browser.stack import ADMIN, Stack, started
from tests.browser.venue import Venue
from tests.browser.watched import Watch

# For machines that do much else at the same time; what has to be quick says so itself.
PATIENCE_MS = 30_000


# The package's scope, not the session's: Playwright's loop would make Django refuse other tests its database.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = installed_chromium()
    if path is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stack(chromium: Browser) -> Iterator[Stack]:
    with started() as running:
        yield running


@pytest.fixture(scope="package")
def venue(chromium: Browser, stack: Stack) -> Iterator[Venue]:
    """Where tests get markets of their own."""
    contexts = [chromium.new_context(base_url=stack.address) for _ in range(2)]
    creator, approver = (Person(context.new_page()) for context in contexts)
    creator.sign_in(ADMIN, stack.admin_password)
    approver.sign_in("approver", stack.administrator("approver"))
    yield Venue(creator, approver)
    for context in contexts:
        context.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test in whose pages something went wrong that it did not foretell."""
    watch = Watch()
    yield watch
    assert not watch.faults, "\n".join(watch.faults)


@pytest.fixture
def somebody(chromium: Browser, stack: Stack, watch: Watch) -> Iterator[Callable[..., Person]]:
    """People, each with a browser of their own, which closes with the test."""
    contexts = []

    def open_browser(**options: object) -> Person:
        context = chromium.new_context(**{"base_url": stack.address, "viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Person(watch.over(context).new_page())

    yield open_browser
    for context in contexts:
        context.close()

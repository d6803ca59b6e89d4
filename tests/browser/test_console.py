"""The staff's console: whoever signs in there finds every page of its sidebar whole."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import OF_THE_THEME, grave_issues
from tests.browser.person import Person
from tests.browser.pictures import DESKTOP, PHONE, Album
from tests.browser.stack import ADMIN, Stack

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
SIDEBAR = "#nav-sidebar a, nav a, aside a"
EXCUSED: tuple[str, ...] = ()


def test_every_page_of_the_console(somebody: Somebody, stack: Stack) -> None:
    person = somebody(color_scheme="light", reduced_motion="reduce")
    page = person.page
    page.goto("/console/")
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password").fill(stack.admin_password)
    page.keyboard.press("Enter")
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()
    addresses = page.locator("a[href^='/console/']").evaluate_all(
        "links => [...new Set(links.map(each => each.pathname))]"
    )
    import time

    for a in addresses:
        t = time.time()
        page.goto(a)
        t1 = time.time()
        print(a, round(t1 - t, 2), page.title(), end=" ")
        print(grave_issues(page), round(time.time() - t1, 2))
        page.emulate_media(color_scheme="dark")
        t1 = time.time()
        print(
            " DARK",
            page.evaluate("document.documentElement.className"),
            grave_issues(page, rules=OF_THE_THEME),
            round(time.time() - t1, 2),
        )
        page.emulate_media(color_scheme="light")
    assert 0

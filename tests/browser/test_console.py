"""The staff's console: whoever signs in there finds every page of its sidebar whole."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import OF_THE_THEME, grave_issues
from tests.browser.person import Person
from tests.browser.pictures import DESKTOP, PHONE, Album
from tests.browser.stack import ADMIN, Stack

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

# One address for each model: its list. All lists are built alike, so axe looks at one; at the pages of another build, always.
A_LIST = re.compile(r"^/console/\w+/\w+/$")
ONE_LIST = "/console/markets/market/"
# Lists of which the first row's own page is visited as well.
WITH_PAGES = (
    "markets/market",
    "markets/order",
    "markets/account",
    "eventstore/event",
    "eventstore/seal",
    "governance/user",
)
# Faults of unfold's own templates, each as "rule selector" with its reason.
EXCUSED = (
    # The hint beneath a user's password: its widget writes the link into the sentence, told apart by colour alone.
    'link-in-text-block a[href$="password/"]',
)


def sign_in(page: Page, stack: Stack) -> None:
    page.goto("/console/")
    expect(page).to_have_url(re.compile("/console/login/"))
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password").fill(stack.admin_password)
    page.keyboard.press("Enter")
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()


def sidebar(page: Page) -> list[str]:
    """The addresses that the signed-in user is offered, in order, each once."""
    found: list[str] = page.locator("#nav-sidebar-apps a[href^='/console/']").evaluate_all(
        "links => [...new Set(links.map(link => link.pathname))]"
    )
    return found


def first_rows(page: Page) -> Iterator[str]:
    """The pages of the first row of some lists; a list that is empty has none."""
    for name in WITH_PAGES:
        page.goto(f"/console/{name}/")
        link = page.locator("#result_list tbody a[href*='/change/'], #result_list tbody a[href*='/view/']").first
        if link.count():
            yield str(link.evaluate("each => each.pathname"))


def name_of(address: str) -> str:
    """`console-markets-market` for its list, and so on; ids do not belong in a picture's name."""
    parts = [part for part in address.strip("/").split("/") if not re.search(r"\d", part)]
    return "-".join(parts)


def look_at(page: Page, address: str) -> list[str]:
    """What axe finds in both themes; and pictures, where they are wanted."""
    album, name, wrong = Album.wanted(), name_of(address), []
    closely = address == ONE_LIST or not A_LIST.match(address)
    # The console decides on its theme when a page is loaded.
    for theme, rules in (("light", ()), ("dark", OF_THE_THEME)):
        if theme == "light" or closely or album.folder:
            page.emulate_media(color_scheme=theme)
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok, f"{address}: {answer.status}"
            expect(page.get_by_role("main").or_(page.locator("#main")).first).to_be_visible()
            if closely:
                wrong += [f"{name} {theme}: {issue}" for issue in grave_issues(page, rules=rules, excused=EXCUSED)]
            album.take(page, f"{name}-{theme}", whole=False)
            if theme == "light" and album.folder:
                page.set_viewport_size(PHONE)
                album.take(page, f"{name}-phone", whole=False)
                page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    return wrong


def test_every_page_of_the_console(somebody: Somebody, stack: Stack) -> None:
    page = somebody(color_scheme="light", reduced_motion="reduce").page
    sign_in(page, stack)
    addresses = sidebar(page)
    assert {"/console/", ONE_LIST, "/console/eventstore/event/"} <= set(addresses)
    wrong = [issue for address in [*addresses, *first_rows(page)] for issue in look_at(page, address)]
    assert not wrong, "\n".join(wrong)

"""Signing up, out and in again; the theme one chose."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import PASSWORD, Person
from tests.browser.watched import Watch

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_newcomer_signs_up_signs_out_and_comes_back(somebody: Somebody) -> None:
    person = somebody().sign_up("Nora")
    page = person.page
    page.get_by_role("link", name="Portfolio").click()
    expect(page.locator("#totals")).to_contain_text("1,000.00")
    page.get_by_text("Nora").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()

    page.goto("/portfolio")
    expect(page).to_have_url("/sign-in?next=%2Fportfolio")
    page.get_by_label("User name").fill(person.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/portfolio")


def test_what_is_wrong_with_a_sign_up_stands_beside_its_field(somebody: Somebody, watch: Watch) -> None:
    page = somebody().page
    page.goto("/sign-up")
    page.get_by_label("User name").fill("somebody new")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password again").fill("shorter")
    with watch.foretelling(r"/sign-up: 422", r"status of 422"):
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_label("Password again")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#repeated-error")).to_have_text("The two passwords differ.")
    expect(page.locator("#username-error")).to_be_visible()


def test_a_theme_that_was_chosen_stays(somebody: Somebody) -> None:
    person = somebody(color_scheme="light").sign_up("Runa")
    page, root = person.page, person.page.locator("html")
    expect(root).not_to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    person.visit("/preferences")
    page.get_by_role("button", name="As the system").click()
    page.reload()
    expect(root).not_to_have_attribute("data-theme", "dark")

"""Keeping an eye on markets, talking about them, and objecting to how one is resolved."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.venue import Venue

Somebody = Callable[..., Person]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_star_puts_a_market_on_ones_list(somebody: Somebody, venue: Venue) -> None:
    person = somebody().sign_up("Vigdis")
    market = venue.market()
    page = person.page
    person.visit("/?order=newest")
    with page.expect_response("**/api/v1/watchlist/*"):
        page.get_by_role("button", name=f"Watch {market.question}").click()
    page.get_by_label("Watched only").check()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.get_by_role("link", name=market.question).click()
    star = page.get_by_role("button", name="Watch", exact=True)
    expect(star).to_have_attribute("aria-pressed", "true")
    assert [each["market"] for each in person.ask("GET", "watchlist")["markets"]] == [market.id]
    with page.expect_response("**/api/v1/watchlist/*"):
        star.click()
    assert person.ask("GET", "watchlist")["markets"] == []
    page.goto("/?watched=on")
    expect(page.get_by_role("heading", name="No market fits")).to_be_visible()


def test_people_talk_beneath_a_market(somebody: Somebody, venue: Venue) -> None:
    writer, reader = somebody().sign_up("Astrid"), somebody().sign_up("Emil")
    market = venue.market()
    writer.visit(market.address)
    writer.page.get_by_label("Write a comment").fill("The <b>harbour</b> master said so.")
    writer.page.get_by_role("button", name="Post").click()
    expect(writer.page.locator("#comments")).to_contain_text("The <b>harbour</b> master said so.")
    reader.visit(market.address)
    comment = reader.page.locator("article", has_text="said so.")
    comment.get_by_role("button", name="Answer").click()
    reader.page.get_by_label("Your answer").fill("Did he?")
    comment.locator("form").get_by_role("button", name="Answer").click()
    expect(comment.locator(".answers article")).to_contain_text("Did he?")

    comment.get_by_role("button", name="Report").first.click()
    reader.page.get_by_label("What is wrong with it").fill("It is hearsay.")
    reader.page.get_by_role("button", name="Report to staff").click()
    expect(reader.toasts).to_contain_text("Reported")
    own = comment.locator(".answers article")
    own.get_by_role("button", name="Edit").click()
    reader.page.get_by_label("Your comment").fill("When did he?")
    reader.page.get_by_role("button", name="Save").click()
    expect(own).to_contain_text("When did he?")
    expect(own).to_contain_text("edited")
    own.get_by_role("button", name="Take back").click()
    expect(own).to_contain_text("Taken back by its author.")


def test_a_holder_disputes_a_resolution_where_it_is_shown(somebody: Somebody, venue: Venue) -> None:
    holder, staff = somebody().sign_up("Gro"), venue.approver
    market = venue.market()
    market.trade(holder, somebody().sign_up("Odd"), 1)
    holder.visit(market.address)
    staff.ask("POST", f"markets/{market.id}/close", {"reason": "The day is over"})
    # The page is told, and shows what there is to say about the new state.
    expect(holder.page.locator("#status")).to_have_text("Closed")
    staff.ask("POST", f"markets/{market.id}/resolve", {"outcome": 1, "evidence": "The log says no."})
    expect(holder.page.get_by_text("The log says no.")).to_be_visible()
    form = holder.page.locator("#dispute")
    form.get_by_role("button", name="Dispute the resolution").click()
    expect(form.get_by_role("alert")).to_have_text("Say why it is wrong.")
    form.get_by_label("Why it is wrong").fill("It is another day's log.")
    form.get_by_label("Link to evidence").fill("https://log.example.org/today")
    form.get_by_label("File").set_input_files(
        {"name": "log.txt", "mimeType": "text/plain", "buffer": b"12:00 the ferry left"}
    )
    form.get_by_role("button", name="Dispute the resolution").click()
    expect(holder.page.locator("#status")).to_have_text("Disputed")
    expect(holder.page.get_by_text("It is another day's log.")).to_be_visible()
    expect(holder.page.locator("#evidence a")).to_have_count(2)

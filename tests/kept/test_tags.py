"""`ETag` and `If-None-Match`: 304 for who holds what still holds, and never after a change."""

import pytest

from tests.api_markets.venue import Venue

READS = ["markets/{}", "markets/{}/book", "markets/{}/prices", "markets", "markets?limit=1"]


@pytest.fixture
def venue(db: None) -> Venue:
    return Venue()


@pytest.mark.parametrize("read", READS)
def test_who_holds_the_answer_is_told_so_until_it_changes(venue, read):
    market, ann, bob = venue.market(), venue.trader(), venue.trader()
    path = "/api/v1/" + read.format(market)
    first = ann.client.get(path)
    tag = first["ETag"]
    assert first["Cache-Control"] == "private, no-cache"
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        held = ann.client.get(path, headers={"If-None-Match": sent})
        assert (held.status_code, held.content, held["ETag"]) == (304, b"", tag)
    for sent in ('"other"', "", 'W/"', tag[:-2] + '"'):
        given = ann.client.get(path, headers={"If-None-Match": sent})
        assert (given.status_code, given.json().get("results")) == (
            200,
            first.json().get("results"),
        )
    bob.order(market, side="sell", price=6000)
    ann.order(market, price=6000)
    changed = ann.client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_a_full_page_keeps_its_tag_while_its_links_are_signed_anew(venue, monkeypatch):
    for _ in range(3):
        venue.market()
    ann = venue.trader()
    first = ann.client.get("/api/v1/markets?limit=2")
    monkeypatch.setattr("django.core.signing.time.time", lambda: 4_000_000_000)
    again = ann.client.get("/api/v1/markets?limit=2")
    assert again.json()["next"] != first.json()["next"]
    assert again["ETag"] == first["ETag"]

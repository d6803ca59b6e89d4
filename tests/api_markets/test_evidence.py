"""Evidence over HTTP: what is taken, who sees it, and where its hash stands."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from markets.lifecycle.tasks import drop_forgotten_evidence
from tests.api_markets.endings import WHY, YES, a_traded_market, wind
from tests.api_markets.venue import Person, Venue

pytestmark = pytest.mark.usefixtures("everything_adds_up")


def upload(person: Person, market: str, content: bytes, name: str = "log.pdf", media_type: str = "text/html"):
    file = SimpleUploadedFile(name, content, media_type)
    body = encode_multipart(BOUNDARY, {"file": file})
    return person.client.post(f"/api/v1/markets/{market}/evidence/files", body, content_type=MULTIPART_CONTENT)


def test_evidence_is_what_its_bytes_are_and_its_hash_stands_in_the_stream(venue):
    market, ann, bob = a_traded_market(venue)
    venue.chief.post(f"markets/{market}/close", {"reason": "Over."})
    added = upload(venue.second, market, b"%PDF-1.7 the log", "../../etc/p\x00asswd.html")
    assert added.status_code == 201, added.content
    piece = added.json()
    assert (piece["media_type"], piece["name"][-4:], piece["given_for"]) == ("application/pdf", ".pdf", None)
    assert upload(venue.second, market, b"%PDF-1.7 the log").json()["id"] == piece["id"]
    link = venue.second.post(
        f"markets/{market}/evidence/links", {"url": "https://example.org/log", "title": "Log"}, expected=201
    )
    content = f"markets/{market}/evidence/{piece['id']}/content"
    assert ann.refused("get", content) == (404, "evidence_not_found")
    items = [piece["id"], link["id"]]
    assert venue.third.refused("post", f"markets/{market}/resolve", {**YES, "items": items}) == (
        404,
        "evidence_not_found",
    )
    venue.second.post(f"markets/{market}/resolve", {**YES, "items": items})
    downloaded = ann.client.get(f"/api/v1/{content}")
    assert b"".join(downloaded.streaming_content) == b"%PDF-1.7 the log"
    assert downloaded["Content-Type"] == "application/octet-stream"
    assert downloaded["X-Content-Type-Options"] == "nosniff"
    assert downloaded["Content-Disposition"].startswith("attachment;")
    assert Venue().trader().refused("get", content) == (404, "market_not_found")
    (event,) = ann.get(f"markets/{market}/events", type="ResolutionProposed")["results"]
    assert [item["sha256"] for item in event["data"]["items"]] == [piece["sha256"], link["sha256"]]
    against = upload(bob, market, b"I was there.", "diary.txt", "image/png").json()
    assert against["media_type"] == "text/plain"
    bob.post(f"markets/{market}/dispute", {**WHY, "items": [against["id"]]})
    shown = ann.get(f"markets/{market}/evidence")["results"]
    assert [each["given_for"] for each in shown] == ["proposal", "proposal", "dispute"]
    (proposal,) = ann.get(f"markets/{market}/dossier")["proposals"]
    assert proposal["disputes"][0]["evidence"][0]["sha256"] == against["sha256"]


@pytest.mark.parametrize(
    "content",
    [b"", b"MZ\x90\x00binary", b"\xff\xfe\x00", b"text with \x00", b"GIF89a\xff", b"x" * (5 * 1024 * 1024 + 1)],
)
def test_other_files_are_refused(venue, content):
    market = venue.market()
    assert upload(venue.second, market, content, "a.pdf", "application/pdf").status_code in (422, 400)
    assert venue.second.get(f"markets/{market}/evidence")["results"] == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "//example.org",
        "https://a:b@example.org",
        "http://[",
        "https://a b",
    ],
)
def test_other_links_are_refused(venue, url):
    market = venue.market()
    assert venue.second.refused("post", f"markets/{market}/evidence/links", {"url": url}) == (422, "evidence_refused")


def test_evidence_is_bounded_and_forgotten_after_a_day(venue, monkeypatch):
    market = venue.market()
    stranger = Venue().trader()
    public = venue.market(is_public=True)
    assert stranger.refused("post", f"markets/{public}/evidence/links", {"url": "http://a.b"}) == (403, "not_a_member")
    for number in range(10):
        assert upload(venue.second, market, b"text %d" % number).status_code == 201
    assert upload(venue.second, market, b"one more").json()["code"] == "too_much_evidence"
    assert drop_forgotten_evidence() == 0
    wind(monkeypatch, days=2)
    assert (drop_forgotten_evidence(), drop_forgotten_evidence()) == (10, 0)
    assert upload(venue.second, market, b"one more").status_code == 201

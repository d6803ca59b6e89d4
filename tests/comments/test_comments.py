"""What people say about markets: who reads it, who writes it, and for how long it can be changed."""

from datetime import timedelta

import pytest

from markets.comments.models import LONGEST_TEXT, Comment
from opinion_market.eventstore.models import Event
from opinion_market.kernel import clock
from tests.api_markets.venue import ROOT, Person, Venue

NOT_FOUND = (404, "market_not_found")


@pytest.fixture
def market(venue: Venue) -> str:
    return venue.market(is_public=True)


def comments(person: Person, market: str, **query) -> list[dict]:
    return person.get(f"markets/{market}/comments", **query)["results"]


def say(person: Person, market: str, text: str = "It will rain.", **rest) -> dict:
    return person.post(f"markets/{market}/comments", {"text": text, **rest}, 201)


def patch(person: Person, market: str, comment: str, text: str) -> tuple[int, dict]:
    response = person.client.patch(f"{ROOT}/markets/{market}/comments/{comment}", {"text": text}, format="json")
    return response.status_code, response.json()


def written(comment: str, *, ago: timedelta) -> None:
    Comment.objects.filter(pk=comment).update(created_at=clock.now() - ago)


def test_members_write_and_everybody_who_sees_the_market_reads(venue, elsewhere, market, anybody):
    ann = venue.member()
    first, second = say(ann, market, "First <b>one</b>"), say(ann, market, "Second")
    for reader in (ann, venue.member(), anybody, elsewhere.chief):
        assert [each["text"] for each in comments(reader, market)] == ["Second", "First <b>one</b>"]
        assert [each["text"] for each in comments(reader, market, order="oldest")] == ["First <b>one</b>", "Second"]
        shown = reader.get(f"markets/{market}/comments/{first['id']}")
        assert (shown["author"], shown["is_own"]) == (str(ann.user), reader is ann)
        assert (shown["editable_until"] is not None) is (reader is ann)
    outsider = (403, "only_members_comment")
    assert elsewhere.chief.refused("post", f"markets/{market}/comments", {"text": "Hm"}) == outsider
    assert anybody.refused("post", f"markets/{market}/comments", {"text": "Hm"}) == (401, "not_authenticated")
    assert second["state"] == "shown"


def test_a_foreign_market_has_no_comments(venue, elsewhere, anybody):
    market = venue.market()
    comment = say(venue.member(), market)["id"]
    for stranger in (elsewhere.chief, elsewhere.member()):
        for method, path in (("get", ""), ("post", ""), ("get", f"/{comment}"), ("delete", f"/{comment}")):
            assert stranger.refused(method, f"markets/{market}/comments{path}", {"text": "x"}) == NOT_FOUND
        assert stranger.refused("post", f"markets/{market}/comments/{comment}/report", {"reason": "rude"}) == NOT_FOUND
        assert patch(stranger, market, comment, "x")[1]["code"] == "market_not_found"
    assert elsewhere.chief.refused("post", f"markets/{market}/comments/{comment}/hide", {"reason": "rude"}) == NOT_FOUND
    assert anybody.refused("get", f"markets/{market}/comments") == NOT_FOUND
    theirs = elsewhere.market()
    found = elsewhere.chief.refused("get", f"markets/{theirs}/comments/{comment}")
    assert found == (404, "comment_not_found")


def test_answers_stand_under_their_comment_one_level_deep(venue, market):
    ann, bob = venue.member(), venue.member()
    comment = say(ann, market)["id"]
    answers = [say(bob, market, text, parent=comment)["id"] for text in ("No", "Yes")]
    assert [each["id"] for each in comments(ann, market)] == [comment]
    assert comments(ann, market)[0]["answers"] == 2
    assert [each["id"] for each in comments(ann, market, parent=comment, order="oldest")] == answers
    path = f"markets/{market}/comments"
    assert ann.refused("post", path, {"text": "x", "parent": answers[0]}) == (422, "answer_too_deep")
    other = say(ann, venue.market())["id"]
    assert ann.refused("post", path, {"text": "x", "parent": other}) == (404, "comment_not_found")
    assert ann.refused("get", f"{path}?parent={other}") == (404, "comment_not_found")


@pytest.mark.parametrize("text", ["", "   ", "x" * (LONGEST_TEXT + 1), 5, None, "nul \0"])
def test_a_text_is_neither_empty_nor_endless(venue, market, text):
    status, code = venue.member().refused("post", f"markets/{market}/comments", {"text": text})
    assert (status, code) in {(422, "invalid_input"), (400, "malformed_request")}
    assert Comment.objects.count() == 0


def test_pages_neither_skip_nor_repeat(venue, market):
    ids = [say(venue.member(), market, f"No. {number}")["id"] for number in range(5)]
    ann = venue.member()
    page = ann.get(f"markets/{market}/comments", limit=2)
    seen = [each["id"] for each in page["results"]]
    say(ann, market, "Later")
    while page["next"]:
        page = ann.client.get(page["next"]).json()
        seen += [each["id"] for each in page["results"]]
    assert seen == ids[::-1]


def test_ones_own_text_is_edited_within_fifteen_minutes(venue, market):
    ann, bob = venue.member(), venue.member()
    comment = say(ann, market)["id"]
    status, edited = patch(ann, market, comment, "It will not.")
    assert (status, edited["text"]) == (200, "It will not.")
    assert edited["edited_at"] is not None
    assert patch(bob, market, comment, "x")[1]["code"] == "not_the_author"
    assert patch(venue.chief, market, comment, "x")[1]["code"] == "not_the_author"
    written(comment, ago=timedelta(minutes=15))
    assert patch(ann, market, comment, "x")[1]["code"] == "edit_window_over"
    assert comments(ann, market)[0]["text"] == "It will not."
    assert comments(ann, market)[0]["editable_until"] is None


def test_a_deleted_comment_keeps_its_place_and_nobody_reads_it(venue, market):
    ann, bob = venue.member(), venue.member()
    comment = say(ann, market, "Regrettable")["id"]
    say(bob, market, "Indeed", parent=comment)
    path = f"markets/{market}/comments/{comment}"
    assert bob.refused("delete", path) == (403, "not_the_author")
    for _ in range(2):
        assert ann.delete(path)["state"] == "deleted"
    for reader in (ann, bob, venue.chief):
        (shown,) = comments(reader, market)
        assert (shown["text"], shown["author"], shown["answers"]) == ("", "", 1)
    assert patch(ann, market, comment, "x")[1]["code"] == "comment_gone"
    assert bob.refused("post", f"markets/{market}/comments", {"text": "x", "parent": comment}) == (409, "comment_gone")
    assert bob.refused("post", f"{path}/report", {"reason": "rude"}) == (409, "comment_gone")
    assert Event.objects.filter(stream=f"comment-{comment}", type="CommentDeleted").count() == 1


def test_nobody_floods_a_market_and_waiting_helps(venue, market):
    ann = venue.member()
    for number in range(5):
        say(ann, market, f"No. {number}")
    path = f"{ROOT}/markets/{market}/comments"
    refused = ann.client.post(path, {"text": "x"}, format="json", headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused["Retry-After"]) == refused.json()["data"]["wait_s"] <= 60
    say(venue.member(), market)
    for comment in comments(ann, market):
        written(comment["id"], ago=timedelta(minutes=1, seconds=1))
    # The refusal was not kept under the key.
    assert ann.client.post(path, {"text": "x"}, format="json", headers={"Idempotency-Key": "k"}).status_code == 201
    for number in range(60):
        Comment.objects.create(
            market_id=market, author=ann.user, text=str(number), created_at=clock.now() - timedelta(minutes=30)
        )
    assert ann.refused("post", f"markets/{market}/comments", {"text": "x"}) == (429, "too_many_requests")


def test_a_repeated_request_writes_one_comment(venue, market):
    ann = venue.member()
    first = ann.post(f"markets/{market}/comments", {"text": "Once"}, 201, key="a")
    assert ann.post(f"markets/{market}/comments", {"text": "Once"}, 201, key="a") == first
    assert Comment.objects.count() == 1
    assert ann.refused("post", f"markets/{market}/comments", {"text": "Twice"}, key="a")[1] == "idempotency_key_reused"


def test_events_carry_ids_and_no_word_of_the_text(venue, market, caplog):
    ann = venue.member()
    comment = say(ann, market, "Quetzalcoatl")["id"]
    patch(ann, market, comment, "Quetzalcoatl again")
    venue.member().post(f"markets/{market}/comments/{comment}/report", {"reason": "Quetzalcoatl is rude"})
    ann.delete(f"markets/{market}/comments/{comment}")
    events = list(Event.objects.filter(stream=f"comment-{comment}").order_by("version"))
    assert [event.type for event in events] == ["CommentPosted", "CommentEdited", "CommentReported", "CommentDeleted"]
    for event in events:
        assert event.data == {"comment": comment, "market": market, "parent": None}
        assert event.metadata["organization_id"] == str(venue.organization.pk)
    assert events[0].metadata["actor"] == str(ann.user.pk)
    assert "Quetzalcoatl" not in caplog.text

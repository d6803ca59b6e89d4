"""Reports and what staff decide: through the API, and in the console's queue."""

import pytest
from auditlog.models import LogEntry

from markets.comments.models import Comment, CommentReport
from opinion_market.eventstore.models import Event
from tests.api_markets.venue import Person, Venue
from tests.comments.test_comments import comments, say
from tests.console.scene import client_of, page

WHY = {"reason": "It is an insult"}


@pytest.fixture
def market(venue: Venue) -> str:
    return venue.market(is_public=True)


def deed(person: Person, market: str, comment: str, name: str, **body) -> dict:
    return person.post(f"markets/{market}/comments/{comment}/{name}", {**WHY, **body}, 200)


def at_the_console(venue: Venue, role: str):
    person = venue.member(role)
    person.user.is_staff = True
    person.user.save()
    return client_of(person.user)


def test_a_hidden_comment_is_read_by_its_author_and_by_moderators_only(venue, elsewhere, market, anybody):
    ann, manager = venue.member(), venue.member("manager")
    comment = say(ann, market, "You fool")["id"]
    deed(manager, market, comment, "hide")
    for reader, text in ((ann, "You fool"), (manager, "You fool"), (venue.member(), ""), (anybody, "")):
        (shown,) = comments(reader, market)
        assert (shown["state"], shown["text"]) == ("hidden", text)
        assert shown["hidden_reason"] == (WHY["reason"] if text else "")
    assert elsewhere.chief.get(f"markets/{market}/comments/{comment}")["text"] == ""
    assert manager.refused("post", f"markets/{market}/comments/{comment}/hide", WHY) == (409, "comment_gone")
    assert deed(manager, market, comment, "unhide")["state"] == "shown"
    assert comments(anybody, market)[0]["text"] == "You fool"
    assert manager.refused("post", f"markets/{market}/comments/{comment}/unhide", WHY) == (409, "comment_not_hidden")


@pytest.mark.parametrize("role", ["", "viewer", "analyst", "auditor", "data_scientist"])
def test_without_the_permission_nobody_moderates(venue, market, role):
    comment = say(venue.member(), market)["id"]
    person = venue.member(role)
    for name in ("hide", "unhide", "keep"):
        refused = person.refused("post", f"markets/{market}/comments/{comment}/{name}", WHY)
        assert refused == (403, "permission_missing")
    assert comments(person, market)[0]["open_reports"] is None


def test_a_manager_of_one_organization_does_not_moderate_another(venue, elsewhere, market):
    comment = say(venue.member(), market)["id"]
    refused = elsewhere.member("manager").refused("post", f"markets/{market}/comments/{comment}/hide", WHY)
    assert refused == (403, "permission_missing")
    assert comments(venue.chief, market)[0]["state"] == "shown"


def test_each_person_reports_once_and_staff_decide_for_good(venue, elsewhere, market):
    ann, manager = venue.member(), venue.member("manager")
    comment = say(ann, market)["id"]
    reporters = [venue.member(), venue.member(), elsewhere.member()]
    for reporter in reporters:
        deed(reporter, market, comment, "report")
        deed(reporter, market, comment, "report", reason="once more")
    assert comments(manager, market)[0]["open_reports"] == 3
    assert deed(manager, market, comment, "keep")["open_reports"] == 0
    deed(reporters[0], market, comment, "report")
    assert comments(manager, market)[0]["open_reports"] == 0
    assert CommentReport.objects.filter(decided_at=None).count() == 0


@pytest.mark.parametrize("reason", ["", "  ", "ab", None])
def test_deciding_takes_a_reason(venue, market, reason):
    comment = say(venue.member(), market)["id"]
    for name in ("hide", "keep", "report"):
        path = f"markets/{market}/comments/{comment}/{name}"
        assert venue.chief.refused("post", path, {"reason": reason}) == (422, "invalid_input")


def test_decisions_stand_in_the_audit_trail_without_the_text(venue, market):
    manager = venue.member("manager")
    comment = say(venue.member(), market, "Quetzalcoatl")["id"]
    for name in ("hide", "unhide", "keep"):
        deed(manager, market, comment, name)
    entries = LogEntry.objects.filter(object_pk=comment).order_by("id")
    assert [entry.changes["deed"][1] for entry in entries] == ["hide comment", "unhide comment", "keep comment"]
    for entry in entries:
        assert (entry.actor, entry.changes["reason"][1]) == (manager.user, WHY["reason"])
        assert entry.additional_data == {"organization_id": str(venue.organization.pk)}
        assert "Quetzalcoatl" not in f"{entry.object_repr} {entry.changes} {entry.serialized_data}"
    types = Event.objects.filter(stream=f"comment-{comment}").order_by("version").values_list("type", flat=True)
    assert list(types) == ["CommentPosted", "CommentHidden", "CommentUnhidden", "CommentKept"]


def test_the_queue_shows_what_is_reported_most_first(venue, elsewhere, market):
    quiet, reported, worse = (say(venue.member(), market, text)["id"] for text in ("quiet", "reported", "worse"))
    say(elsewhere.member(), elsewhere.market(), "foreign")
    for comment, times in ((reported, 1), (worse, 2)):
        for _ in range(times):
            deed(venue.member(), market, comment, "report")
    client = at_the_console(venue, "manager")
    listed = client.get(page("markets_comment_changelist")).context["cl"]
    assert [str(comment.pk) for comment in listed.result_list] == [worse, reported, quiet]
    only = client.get(page("markets_comment_changelist"), {"state": "reported"}).context["cl"]
    assert [str(comment.pk) for comment in only.result_list] == [worse, reported]
    assert "foreign" not in client.get(page("markets_comment_changelist")).content.decode()


def test_staff_hide_keep_and_show_again_at_the_console(venue, market):
    comment = say(venue.member(), market, "You <script>fool</script>")["id"]
    deed(venue.member(), market, comment, "report")
    client = at_the_console(venue, "manager")
    body = client.get(page("markets_comment_change", comment)).content.decode()
    assert "You &lt;script&gt;fool&lt;/script&gt;" in body
    assert "It is an insult" in body
    assert client.get(page("markets_comment_decide", comment, "hide")).status_code == 200
    for name, state in (("keep", (0, False)), ("hide", (0, True)), ("unhide", (0, False))):
        answer = client.post(page("markets_comment_decide", comment, name), {"reason": "Agreed upon"})
        assert answer.status_code == 302, answer.content
        row = Comment.objects.get(pk=comment)
        assert (row.reports_count, row.hidden_at is not None) == state
    refused = client.post(page("markets_comment_decide", comment, "unhide"), {"reason": "Agreed upon"})
    assert "The comment is not hidden." in refused.content.decode()
    assert client.post(page("markets_comment_decide", comment, "burn"), {"reason": "x"}).status_code == 404


def test_the_queue_is_closed_to_others_and_ends_at_the_tenants_border(venue, elsewhere, market):
    comment = say(venue.member(), market)["id"]
    for role in ("viewer", "auditor"):
        client = at_the_console(venue, role)
        assert client.get(page("markets_comment_changelist")).status_code == 403
        assert client.post(page("markets_comment_decide", comment, "hide"), WHY).status_code in {302, 403, 404}
    client = at_the_console(elsewhere, "manager")
    assert client.get(page("markets_comment_changelist")).context["cl"].result_count == 0
    assert client.get(page("markets_comment_change", comment)).status_code == 302
    assert client.post(page("markets_comment_decide", comment, "hide"), WHY).status_code == 404
    assert Comment.objects.get(pk=comment).hidden_at is None


def test_a_comments_row_is_nobodys_to_edit(venue, market):
    comment = say(venue.member(), market, "Mine")["id"]
    client = at_the_console(venue, "admin")
    assert client.post(page("markets_comment_change", comment), {"text": "Yours"}).status_code == 403
    assert client.post(page("markets_comment_delete", comment), {"post": "yes"}).status_code == 403
    assert client.get(page("markets_comment_add")).status_code == 403
    assert Comment.objects.get(pk=comment).text == "Mine"

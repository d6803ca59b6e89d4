"""The auditor's door to the event store: each sees their organizations' events, superusers all; nobody forges any."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient

from governance.identity.models import User
from governance.organizations import services as organizations
from governance.organizations.models import Organization
from opinion_market.eventstore import commands
from opinion_market.eventstore.append import append
from opinion_market.eventstore.commands import Answer, Command, CommandInput
from opinion_market.eventstore.models import Checkpoint
from opinion_market.eventstore.read import read_stream
from opinion_market.eventstore.snapshots import save_snapshot
from opinion_market.eventstore.statistics import EVENT_STATISTICS, STREAM_SUMMARIES
from opinion_market.kernel.ids import uuid7_text
from tests.eventstore.conftest import NOON, happened

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/event-sourcing"
READS = ["status", "events", "aggregates", "projections", "dashboard"]


def user(*, superuser: bool = False) -> User:
    return User.objects.create(username=uuid7_text(), is_superuser=superuser)


def client_of(who: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(who)
    return client


@pytest.fixture
def organization() -> Organization:
    slug = uuid7_text()
    return organizations.create_organization(actor=None, name="Weather", slug=slug, now=NOON)


@pytest.fixture
def signed_in_as(organization: Organization) -> Callable[[str], APIClient]:
    """A client of a new member of the organization with this role."""

    def sign_in(role: str) -> APIClient:
        member = user()
        organizations.add_member(actor=None, organization_id=organization.pk, user_id=member.pk, role=role, now=NOON)
        return client_of(member)

    return sign_in


def project(stream: str) -> None:
    """Have the projections read the stream: events of a test's open transaction are not yet given to subscribers."""
    events = list(read_stream(stream))
    EVENT_STATISTICS.handler(events)
    STREAM_SUMMARIES.handler(events)


@pytest.fixture
def theirs(organization: Organization, stream: str) -> str:
    """A stream of the organization with three events of this hour."""
    now = datetime.now(UTC)
    events = [happened(number, organization=str(organization.pk), at=now) for number in range(1, 4)]
    append(stream=stream, expected_version=0, events=events)
    project(stream)
    return stream


@pytest.fixture
def foreign(stream: str) -> str:
    """A stream of another organization."""
    append(stream=f"foreign-{stream}", expected_version=0, events=[happened(organization=uuid7_text())])
    project(f"foreign-{stream}")
    return f"foreign-{stream}"


@pytest.mark.parametrize("what", READS)
def test_only_auditors_and_admins_may_look(signed_in_as: Callable[[str], APIClient], what: str) -> None:
    statuses = {
        role: signed_in_as(role).get(f"{ROOT}/{what}").status_code for role in ("", "viewer", "auditor", "admin")
    }
    assert statuses == {"": 403, "viewer": 403, "auditor": 200, "admin": 200}
    assert APIClient().get(f"{ROOT}/{what}").status_code == 401


def test_an_auditor_reads_the_events_of_their_organization_only(
    signed_in_as: Callable[[str], APIClient], theirs: str, foreign: str
) -> None:
    auditor = signed_in_as("auditor")
    page = auditor.get(f"{ROOT}/events", {"limit": 2}).json()
    rest = auditor.get(page["next"]).json()
    events = page["results"] + rest["results"]
    assert [(event["stream"], event["version"]) for event in events] == [(theirs, 3), (theirs, 2), (theirs, 1)]
    assert events[0]["previous_hash"] == events[1]["hash"]
    assert rest["next"] is None
    oldest = auditor.get(f"{ROOT}/events", {"order": "oldest", "type": ["Counted", "Other"], "limit": 1}).json()
    assert oldest["results"][0]["data"]["number"] == 1
    assert auditor.get(f"{ROOT}/events", {"stream": foreign}).json()["results"] == []
    assert auditor.get(f"{ROOT}/events", {"since": "yesterday"}).status_code == 422
    everything = client_of(user(superuser=True))
    assert len(everything.get(f"{ROOT}/events", {"stream": foreign}).json()["results"]) == 1


def test_streams_are_listed_and_described(signed_in_as: Callable[[str], APIClient], theirs: str, foreign: str) -> None:
    save_snapshot(stream=theirs, version=2, state={}, at=NOON)
    auditor = signed_in_as("auditor")
    (listed,) = auditor.get(f"{ROOT}/aggregates", {"kind": "test"}).json()["results"]
    assert (listed["stream"], listed["version"], listed["last_type"]) == (theirs, 3, "Counted")
    described = auditor.get(f"{ROOT}/aggregates/{theirs}").json()
    assert (described["events_by_type"], described["snapshots"]) == ({"Counted": 3}, [2])
    refused = auditor.get(f"{ROOT}/aggregates/{foreign}")
    assert (refused.status_code, refused.json()["code"]) == (404, "stream_not_found")


def test_status_and_dashboard_are_computed_from_the_events(
    signed_in_as: Callable[[str], APIClient], theirs: str, foreign: str
) -> None:
    auditor = signed_in_as("auditor")
    status = auditor.get(f"{ROOT}/status").json()
    assert (status["total_events"], status["events_last_24_hours"], status["streams"]) == (3, 3, 1)
    assert status["last_position"] == list(read_stream(theirs))[-1].position
    assert "rebuild_projection" in status["commands"]
    dashboard = auditor.get(f"{ROOT}/dashboard").json()
    assert dashboard["events_per_type"] == [{"type": "Counted", "events": 3}]
    assert [day["events"] for day in dashboard["events_per_day"]] == [3]
    assert sum(hour["events"] for hour in dashboard["events_per_hour"]) == 3
    assert dashboard["streams_per_kind"] == [{"kind": "test", "streams": 1, "events": 3}]
    assert [each["stream"] for each in dashboard["longest_streams"]] == [theirs]
    assert [event["version"] for event in dashboard["newest_events"]] == [3, 2, 1]


def test_a_failed_subscription_shows_and_its_error_is_for_superusers(signed_in_as: Callable[[str], APIClient]) -> None:
    Checkpoint.objects.update_or_create(
        subscriber="event_statistics",
        defaults={"failures": 3, "last_error": "KeyError: a secret", "failed_at": NOON, "retry_at": NOON},
    )
    auditor, root = signed_in_as("auditor"), client_of(user(superuser=True))
    assert auditor.get(f"{ROOT}/status").json()["status"] == "degraded"
    assert auditor.get(f"{ROOT}/status").json()["failing_subscriptions"] == ["event_statistics"]
    errors = [
        next(each["last_error"] for each in client.get(f"{ROOT}/projections").json() if each["failures"])
        for client in (auditor, root)
    ]
    assert errors == ["KeyError", "KeyError: a secret"]


def note(organization: Organization, **changes: object) -> dict[str, object]:
    return {
        "organization": str(organization.pk), "name": "stocktaking", "type": "custom.Counted",
        "data": {"boxes": [1, {"full": True}]}, **changes,
    }  # fmt: skip


def test_an_admin_appends_an_event_of_their_own(
    signed_in_as: Callable[[str], APIClient], organization: Organization
) -> None:
    admin = signed_in_as("admin")
    key = {"Idempotency-Key": uuid7_text()}
    answer = admin.post(f"{ROOT}/events", note(organization, expected_version=0), format="json", headers=key)
    assert answer.status_code == 201
    assert answer.json()["stream"] == f"note-{organization.pk}-stocktaking"
    assert answer.json()["metadata"]["organization_id"] == str(organization.pk)
    again = admin.post(f"{ROOT}/events", note(organization, expected_version=0), format="json", headers=key)
    assert again.content == answer.content
    conflict = admin.post(f"{ROOT}/events", note(organization, expected_version=0), format="json")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "version_conflict")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "OrderPlaced"},
        {"type": "custom.Order\nPlaced"},
        {"name": "Market 1"},
        {"name": "a\tb"},
        {"data": {"price": 0.5}},
        {"data": {"many": 2**63}},
        {"data": {"0": [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}},
        {"surprise": 1},
    ],
)
def test_nobody_forges_the_platforms_events_or_breaks_the_chain(
    signed_in_as: Callable[[str], APIClient], organization: Organization, changes: dict[str, object]
) -> None:
    refused = signed_in_as("admin").post(f"{ROOT}/events", note(organization, **changes), format="json")
    assert refused.status_code == 422
    assert list(read_stream(f"note-{organization.pk}-stocktaking")) == []


def test_an_admin_of_one_organization_appends_nothing_to_another(signed_in_as: Callable[[str], APIClient]) -> None:
    other = organizations.create_organization(actor=None, name="Other", slug=uuid7_text(), now=NOON)
    refused = signed_in_as("admin").post(f"{ROOT}/events", note(other), format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")


def test_a_command_answers_with_its_result_and_the_events_it_appended() -> None:
    root = client_of(user(superuser=True))
    body = {"command": "rebuild_projection", "input": {"projection": "event_statistics"}}
    answer = root.post(f"{ROOT}/commands", body, format="json")
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert answer.json()["result"] == {"projection": "event_statistics"}
    (event,) = answer.json()["events"]
    assert (event["stream"], event["type"]) == ("projection-event_statistics", "ProjectionRebuildStarted")


def test_the_stores_own_commands_repair_and_verify(theirs: str) -> None:
    root = client_of(user(superuser=True))
    save_snapshot(stream=theirs, version=2, state={}, at=NOON)
    Checkpoint.objects.update_or_create(subscriber="event_statistics", defaults={"retry_at": NOON})

    def result(command: str, **input: object) -> dict[str, object]:
        answer = root.post(f"{ROOT}/commands", {"command": command, "input": input}, format="json")
        assert answer.status_code == 200
        return answer.json()["result"]  # type: ignore[no-any-return]

    assert result("discard_snapshots", stream=theirs)["versions"] == [2]
    assert result("discard_snapshots", stream=theirs)["versions"] == []
    assert result("verify_stream", stream=theirs) == {
        "stream": theirs, "events": 3, "intact": True, "first_breaks": [],
    }  # fmt: skip
    result("retry_subscription", subscription="event_statistics")
    assert Checkpoint.objects.get(subscriber="event_statistics").retry_at is None


def test_commands_are_refused_to_the_wrong_people_and_for_wrong_input(
    signed_in_as: Callable[[str], APIClient],
) -> None:
    body = {"command": "rebuild_projection", "input": {"projection": "event_statistics"}}
    assert signed_in_as("viewer").post(f"{ROOT}/commands", body, format="json").status_code == 403
    assert signed_in_as("admin").post(f"{ROOT}/commands", body, format="json").status_code == 403
    root = client_of(user(superuser=True))

    def refusal(command: str, **input: object) -> tuple[int, str]:
        answer = root.post(f"{ROOT}/commands", {"command": command, "input": input}, format="json")
        return answer.status_code, answer.json()["code"]

    assert refusal("launch") == (404, "unknown_command")
    assert refusal("rebuild_projection", projection=1) == (422, "invalid_command")
    assert refusal("rebuild_projection", projection="event_statistics", fast=True) == (422, "invalid_command")
    assert refusal("rebuild_projection", projection="nothing") == (404, "unknown_projection")


def test_an_app_registers_a_command_of_its_own(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Count(CommandInput):
        number: int

    def count(*, actor: User, input: Count, now: datetime) -> Answer:
        append(stream=stream, expected_version=None, events=[happened(input.number, at=now)])
        return Answer({"counted": input.number})

    monkeypatch.setattr(commands, "_registered", {})
    command = Command("Count", Count, count, permission=None, summary="Count.")
    commands.register(command)
    with pytest.raises(ValueError, match="another command named 'Count'"):
        commands.register(Command("Count", Count, count, permission="system.admin", summary="Count."))
    answer = client_of(user()).post(f"{ROOT}/commands", {"command": "Count", "input": {"number": 7}}, format="json")
    assert answer.json()["result"] == {"counted": 7}
    assert [event["data"]["number"] for event in answer.json()["events"]] == [7]

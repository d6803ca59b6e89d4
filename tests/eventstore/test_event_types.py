"""What may happen is catalogued, asked for by category, and found fast however rare it is."""

import pytest
from django.db import connection
from django.urls import reverse

from governance.identity import services as identity
from governance.identity.models import User
from governance.identity.user_events import USER
from markets.engine import apply as engine
from opinion_market.eventstore import event_types, selectors
from opinion_market.eventstore.aggregates import as_of
from opinion_market.eventstore.append import append
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.read import read_stream
from opinion_market.kernel.ids import uuid7_text
from tests.console.scene import client_of as console_of
from tests.eventstore.conftest import NOON, happened
from tests.eventstore.test_api import ROOT, client_of, project
from tests.governance.people import NOW, PASSWORD, a_member, a_user, an_organization

pytestmark = pytest.mark.django_db


def test_everything_the_engine_applies_is_catalogued() -> None:
    known = {each.type for each in event_types.registered()}
    assert set(engine._HANDLERS) <= known


def test_the_catalogue_counts_what_happened_and_names_what_is_not_in_it(stream: str) -> None:
    organization = an_organization()
    a_member(organization)
    auditor = client_of(a_member(organization, "auditor"))
    append(stream=stream, expected_version=0, events=[happened(organization=str(organization.pk))])
    project(stream)
    project(f"organization-{organization.pk}")
    listed = {each["type"]: each for each in auditor.get(f"{ROOT}/event-types").json()}
    assert (listed["MemberAdded"]["category"], listed["MemberAdded"]["events"]) == ("user", 2)
    assert listed["OrderPlaced"]["category"] == "order"
    assert listed["OrderPlaced"]["events"] == 0
    assert (listed["Counted"]["category"], listed["Counted"]["events"]) == ("uncatalogued", 1)
    assert {each["category"] for each in listed.values()} >= {"user", "market", "trade", "order", "payment", "system"}


def test_events_are_filtered_by_category(stream: str) -> None:
    organization = an_organization()
    auditor = client_of(a_member(organization, "auditor"))
    append(
        stream=stream,
        expected_version=0,
        events=[happened(type=type, organization=str(organization.pk)) for type in ("OrderPlaced", "MarketOpened")],
    )
    project(stream)
    project(f"organization-{organization.pk}")

    def types(**filters: object) -> list[str]:
        return [event["type"] for event in auditor.get(f"{ROOT}/events", filters).json()["results"]]

    assert types(category="order") == ["OrderPlaced"]
    assert types(category="market") == ["MarketOpened"]
    assert types(category="user") == ["MemberAdded"]
    assert types(category="order", type="MarketOpened") == []
    assert auditor.get(f"{ROOT}/events", {"category": "weather"}).status_code == 422


def test_a_rare_type_is_found_without_walking_the_store(stream: str) -> None:
    events = [happened(number, type="OrderPlaced") for number in range(3_000)]
    append(stream=stream, expected_version=0, events=[happened(type="MarketOpened"), *events])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE eventstore_event")
    found = selectors.events(organizations=None, types=["MarketOpened", "MarketHalted"])
    plan = found.order_by("-transaction_id", "-position")[:100].explain(analyze=True, buffers=True, format="json")
    assert "event_rare_types" in plan
    assert '"Rows Removed by Filter"' not in plan
    assert [event.stream for event in found] == [stream]


def test_keys_are_made_and_revoked_in_the_users_stream_without_personal_data() -> None:
    user = a_user()
    key, text = identity.create_api_key(actor=user, name="my laptop", scope="trade", now=NOW)
    identity.revoke_api_key(actor=user, api_key_id=key.pk, now=NOW)
    identity.revoke_api_key(actor=user, api_key_id=key.pk, now=NOW)
    events = list(read_stream(f"user-{user.pk}"))
    assert [event.type for event in events] == ["ApiKeyCreated", "ApiKeyRevoked"]
    told = str([(event.data, event.metadata) for event in events])
    assert not any(private in told for private in (user.username, "my laptop", text))
    state = as_of(stream=f"user-{user.pk}", head=1).loaded.state
    assert state["api_keys"] == {str(key.pk): {"scope": "trade", "is_revoked": False}}
    assert as_of(stream=f"user-{user.pk}", head=2).loaded.state["api_keys"][str(key.pk)]["is_revoked"]


def test_what_the_console_does_to_users_is_in_their_streams() -> None:
    root = console_of(a_user(superuser=True, staff=True))
    name = f"user-{uuid7_text()}"
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert root.post(reverse("admin:governance_user_add"), form).status_code == 302
    user = User.objects.get(username=name)
    assert [event.type for event in read_stream(f"user-{user.pk}")] == ["UserCreated"]
    address = reverse("admin:governance_user_change", args=[user.pk])
    for rights in ({"is_staff": "on", "is_active": "on"}, {"is_staff": "on"}, {"is_staff": "on", "is_active": "on"}):
        answer = root.post(address, {"username": name, "email": "", "display_name": "", **rights})
        assert answer.status_code == 302, answer.context["errors"]
    assert [event.type for event in read_stream(f"user-{user.pk}")] == [
        "UserCreated", "UserRightsChanged", "UserDeactivated", "UserReactivated",
    ]  # fmt: skip
    head = Event.objects.filter(stream=f"user-{user.pk}").count()
    states = [as_of(stream=f"user-{user.pk}", head=head, version=version).loaded.state for version in (1, 2, 3, 4)]
    assert [(state["is_staff"], state["is_active"]) for state in states] == [
        (False, True), (True, True), (True, False), (True, True),
    ]  # fmt: skip
    assert USER.kind == "user"


def test_an_organization_had_these_members_at_that_version() -> None:
    organization = an_organization()
    member = a_member(organization, "viewer")
    stream = f"organization-{organization.pk}"
    assert as_of(stream=stream, head=2, version=1).loaded.state == {"members": {}, "slug": organization.slug}
    assert as_of(stream=stream, head=2).loaded.state["members"] == {str(member.pk): "viewer"}
    assert as_of(stream=stream, head=2, at=NOON).moment.version == 2

"""The console obeys the same catalogue, tenant by tenant, and changes members through the services."""

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from governance.identity import services as identity
from governance.identity.models import ApiKey
from governance.organizations.models import Membership
from opinion_market.eventstore.models import Event
from tests.governance.people import NOW, a_member, a_user, an_organization

pytestmark = pytest.mark.django_db


def console(user):
    client = Client()
    client.force_login(user)
    return client


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


EVERY_LIST = [
    "governance_user",
    "governance_apikey",
    "governance_organization",
    "auditlog_logentry",
    "guardian_userobjectpermission",
    "guardian_groupobjectpermission",
]


@pytest.mark.parametrize("model", EVERY_LIST)
def test_a_superuser_sees_every_list(model):
    an_organization()
    assert console(a_user(superuser=True, staff=True)).get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize("model", EVERY_LIST)
def test_who_is_not_staff_does_not_get_in_whatever_their_role(model):
    admin = a_member(an_organization(), "admin")
    response = console(admin).get(page(f"{model}_changelist"))
    assert (response.status_code, "login" in response["Location"]) == (302, True)


@pytest.mark.parametrize(
    ("role", "model", "status"),
    [
        ("", "governance_user", 403),
        ("", "governance_organization", 403),
        ("viewer", "governance_user", 200),
        ("viewer", "governance_organization", 200),
        ("viewer", "auditlog_logentry", 403),
        ("auditor", "auditlog_logentry", 200),
        ("admin", "guardian_userobjectpermission", 403),
        ("", "governance_apikey", 200),
    ],
)
def test_a_list_opens_to_the_roles_that_may_read_it(role, model, status):
    user = a_member(an_organization(), role, staff=True)
    assert console(user).get(page(f"{model}_changelist")).status_code == status


def test_lists_hold_the_rows_of_ones_own_organizations():
    ours, theirs = an_organization(), an_organization()
    auditor, colleague, stranger = a_member(ours, "auditor", staff=True), a_member(ours), a_member(theirs)
    client = console(auditor)
    people = client.get(page("governance_user_changelist")).content.decode()
    assert colleague.username in people
    assert stranger.username not in people
    assert client.get(page("governance_user_change", stranger.pk)).status_code == 302
    assert client.get(page("governance_organization_change", theirs.pk)).status_code == 302
    trail = client.get(page("auditlog_logentry_changelist")).context["cl"].queryset
    assert {entry.additional_data["organization_id"] for entry in trail} == {str(ours.pk)}


def test_only_superusers_change_people():
    organization = an_organization()
    admin, member = a_member(organization, "admin", staff=True), a_member(organization)
    response = console(admin).post(page("governance_user_change", member.pk), {"username": "x", "is_superuser": "on"})
    assert response.status_code == 403
    assert console(admin).get(page("governance_user_add")).status_code == 403
    assert console(admin).get(page("auth_user_password_change", member.pk)).status_code == 403
    assert console(a_user(superuser=True, staff=True)).get(page("governance_user_change", member.pk)).status_code == 200


def test_the_trail_can_be_changed_by_nobody():
    organization = an_organization()
    entry = LogEntry.objects.filter(object_pk=str(organization.pk)).latest("id")
    client = console(a_user(superuser=True, staff=True))
    assert client.get(page("auditlog_logentry_change", entry.pk)).status_code == 200
    assert client.post(page("auditlog_logentry_change", entry.pk), {}).status_code == 403
    assert client.post(page("auditlog_logentry_delete", entry.pk), {"post": "yes"}).status_code == 403
    assert client.get(page("auditlog_logentry_add")).status_code == 403


def member_form(organization, rows, initial):
    form = {
        "name": organization.name,
        "slug": organization.slug,
        "is_active": "on",
        "memberships-TOTAL_FORMS": str(len(rows)),
        "memberships-INITIAL_FORMS": str(initial),
    }
    for index, row in enumerate(rows):
        form |= {f"memberships-{index}-{name}": value for name, value in row.items()}
        form[f"memberships-{index}-organization"] = str(organization.pk)
    return form


def test_an_admin_manages_members_and_the_events_tell():
    organization = an_organization()
    admin, newcomer = a_member(organization, "admin", staff=True), a_user()
    membership = Membership.objects.get(user=admin)
    rows = [
        {"id": str(membership.pk), "role": "admin"},
        {"user": str(newcomer.pk), "role": "viewer"},
    ]
    address = page("governance_organization_change", organization.pk)
    assert console(admin).get(address).status_code == 200
    response = console(admin).post(address, member_form(organization, rows, initial=1))
    assert response.status_code == 302, response.context["errors"]
    assert Membership.objects.get(organization=organization, user=newcomer).role == "viewer"
    last = Event.objects.filter(stream=f"organization-{organization.pk}").latest("version")
    assert (last.type, last.metadata["actor"]) == ("MemberAdded", str(admin.pk))


def test_what_a_service_refuses_is_a_message_and_changes_nothing():
    organization = an_organization()
    admin = a_member(organization, "admin", staff=True)
    rows = [{"id": str(Membership.objects.get(user=admin).pk), "role": ""}]
    address = page("governance_organization_change", organization.pk)
    client = console(admin)
    response = client.post(address, member_form(organization, rows, initial=1), follow=True)
    assert "The last admin cannot be removed." in response.content.decode()
    assert Membership.objects.get(user=admin).role == "admin"


def test_a_superuser_creates_an_organization():
    client = console(a_user(superuser=True, staff=True))
    form = {"name": "New", "slug": "brand-new", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    response = client.post(page("governance_organization_add"), form)
    assert response.status_code == 302
    created = Event.objects.filter(type="OrganizationCreated").values_list("data", flat=True)
    assert [data["slug"] for data in created].count("brand-new") == 1


def test_a_key_made_in_the_console_is_shown_once_in_the_answer_itself():
    user = a_user(staff=True)
    client = console(user)
    assert client.get(page("governance_apikey_add")).status_code == 200
    response = client.post(
        page("governance_apikey_add"), {"name": "bot", "scope": "read", "expires_at_0": "", "expires_at_1": ""}
    )
    key = ApiKey.objects.get(user=user)
    assert response.status_code == 200
    text = next(word for word in response.content.decode().replace("<", " ").replace(">", " ").split() if "om_" in word)
    recognised = identity.recognise_api_key(text, now=NOW)
    assert recognised is not None
    assert recognised.pk == key.pk
    assert "no-store" in response["Cache-Control"]
    assert text not in client.get(page("governance_apikey_change", key.pk)).content.decode()


def test_revoking_a_key_asks_for_a_reason():
    user = a_user(staff=True)
    key, _ = identity.create_api_key(actor=user, name="bot", scope="read", now=NOW)
    address = page("governance_apikey_revoke", key.pk)
    client = console(user)
    assert "Reason" in client.get(address).content.decode()
    client.post(address, {"reason": ""})
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None
    assert client.post(address, {"reason": "leaked in a log"}).status_code == 302
    assert ApiKey.objects.get(pk=key.pk).revocation_reason == "leaked in a log"


def test_nobody_revokes_the_key_of_somebody_else():
    key, _ = identity.create_api_key(actor=a_user(), name="bot", scope="read", now=NOW)
    client = console(a_user(staff=True))
    assert client.get(page("governance_apikey_change", key.pk)).status_code == 302
    assert client.post(page("governance_apikey_revoke", key.pk), {"reason": "mischief"}).status_code == 403
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


def test_a_key_that_would_have_expired_already_is_refused_with_a_message():
    client = console(a_user(staff=True))
    form = {"name": "late", "scope": "read", "expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}
    response = client.post(page("governance_apikey_add"), form, follow=True)
    assert "The expiry must lie in the future." in response.content.decode()
    assert not ApiKey.objects.exists()


def test_rights_on_single_objects_are_given_by_superusers_only():
    organization = an_organization()
    address = page("governance_organization_permissions", organization.pk)
    assert console(a_member(organization, "admin", staff=True)).get(address).status_code == 403
    assert console(a_user(superuser=True, staff=True)).get(address).status_code == 200

"""Tenants over the API and through the services."""

import pytest

from governance.organizations import services as organizations
from governance.organizations.errors import AlreadyMember, LastAdmin, RoleNotYours, SlugTaken
from opinion_market.eventstore.models import Event
from opinion_market.kernel.errors import NotPermitted
from tests.governance.people import NOW, a_member, a_user, an_organization, calling_as

pytestmark = pytest.mark.django_db


def members(organization):
    return f"/api/v1/organizations/{organization.slug}/members"


def test_a_member_sees_their_organizations_and_no_others():
    ours, theirs = an_organization(), an_organization()
    client = calling_as(a_member(ours, "viewer"))
    listed = client.get("/api/v1/organizations").json()["results"]
    assert [(entry["slug"], entry["my_role"]) for entry in listed] == [(ours.slug, "viewer")]
    assert client.get(f"/api/v1/organizations/{ours.pk}").json()["slug"] == ours.slug
    assert client.get(f"/api/v1/organizations/{ours.slug}").json()["id"] == str(ours.pk)
    unseen = client.get(f"/api/v1/organizations/{theirs.pk}")
    assert (unseen.status_code, unseen.json()["code"]) == (404, "organization_not_found")
    assert client.get(members(theirs)).status_code == 404


def test_traders_do_not_see_the_other_members():
    organization = an_organization()
    refused = calling_as(a_member(organization)).get(members(organization))
    assert (refused.status_code, refused.json()["data"]) == (403, {"permission": "participants.read"})


def test_a_right_held_elsewhere_does_not_help_here():
    ours, theirs = an_organization(), an_organization()
    user = a_member(theirs, "admin")
    organizations.add_member(actor=None, organization_id=ours.pk, user_id=user.pk, now=NOW)
    assert calling_as(user).get(members(ours)).status_code == 403
    assert calling_as(user).post(members(ours), {"username": a_user().username}).status_code == 403


def test_a_manager_takes_traders_in_but_grants_no_role():
    organization = an_organization()
    client, newcomer = calling_as(a_member(organization, "manager")), a_user()
    refused = client.post(members(organization), {"username": newcomer.username, "role": "viewer"})
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_yours_to_give")
    added = client.post(members(organization), {"username": newcomer.username})
    assert (added.status_code, added.json()["user"], added.json()["role"]) == (201, str(newcomer.pk), "")


def test_an_admin_grants_changes_and_removes_roles():
    organization = an_organization()
    client, member = calling_as(a_member(organization, "admin")), a_member(organization)
    address = f"{members(organization)}/{member.pk}"
    assert client.patch(address, {"role": "auditor"}).json()["role"] == "auditor"
    assert client.patch(address, {"role": "emperor"}).status_code == 422
    assert client.delete(address).status_code == 204
    assert client.delete(address).json()["code"] == "member_not_found"


def test_somebody_with_a_role_is_removed_by_an_admin_only():
    organization = an_organization()
    a_member(organization, "admin")
    manager, auditor = a_member(organization, "manager"), a_member(organization, "auditor")
    with pytest.raises(RoleNotYours):
        organizations.remove_member(actor=manager, organization_id=organization.pk, user_id=auditor.pk, now=NOW)


def test_the_last_admin_who_can_sign_in_stays():
    organization = an_organization()
    admin, second = a_member(organization, "admin"), a_member(organization, "admin")
    second.is_active = False
    second.save()
    with pytest.raises(LastAdmin):
        organizations.remove_member(actor=admin, organization_id=organization.pk, user_id=admin.pk, now=NOW)
    with pytest.raises(LastAdmin):
        organizations.change_role(actor=admin, organization_id=organization.pk, user_id=admin.pk, role="", now=NOW)


def test_only_superusers_create_organizations_and_short_names_are_unique():
    organization = an_organization()
    with pytest.raises(NotPermitted):
        organizations.create_organization(actor=a_user(), name="X", slug="x", now=NOW)
    with pytest.raises(SlugTaken):
        organizations.create_organization(actor=None, name="X", slug=organization.slug, now=NOW)


def test_every_change_is_an_event_that_names_people_by_id_only():
    organization = an_organization()
    admin, member = a_member(organization, "admin"), a_member(organization)
    with pytest.raises(AlreadyMember):
        organizations.add_member(actor=admin, organization_id=organization.pk, user_id=member.pk, now=NOW)
    organizations.change_role(actor=admin, organization_id=organization.pk, user_id=member.pk, role="viewer", now=NOW)
    organizations.remove_member(actor=admin, organization_id=organization.pk, user_id=member.pk, now=NOW)
    events = Event.objects.filter(stream=f"organization-{organization.pk}").order_by("version")
    assert [event.type for event in events] == [
        "OrganizationCreated",
        "MemberAdded",
        "MemberAdded",
        "MemberRoleChanged",
        "MemberRemoved",
    ]
    assert events[3].data == {"user": str(member.pk), "role": "viewer", "previous": ""}
    assert events[3].metadata["actor"] == str(admin.pk)
    assert member.username not in str([event.data for event in events])

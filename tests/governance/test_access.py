"""Roles, tenants, and what is refused."""

import pytest

from governance.access.catalogue import ALL_PERMISSIONS, ROLES
from governance.access.errors import PermissionMissing
from governance.access.policies import (
    has_permission,
    is_member,
    member_organization_ids,
    organizations_with,
    require,
)
from governance.organizations import services as organizations
from tests.governance.people import NOW, a_member, a_user, an_organization

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", [*ROLES, ""])
def test_a_role_grants_what_the_catalogue_lists_and_nothing_else(role):
    organization = an_organization()
    user = a_member(organization, role)
    granted = {permission for permission in ALL_PERMISSIONS if has_permission(user, permission, organization.pk)}
    assert granted == ROLES.get(role, frozenset())
    assert is_member(user, organization.pk)


def test_a_role_counts_in_its_own_organization_only():
    ours, theirs = an_organization(), an_organization()
    admin = a_member(ours, "admin")
    assert not has_permission(admin, "markets.read", theirs.pk)
    assert set(organizations_with(admin, "markets.read")) == {ours.pk}
    assert set(member_organization_ids(admin)) == {ours.pk}


def test_a_superuser_may_everything_everywhere_unless_inactive():
    organization, user = an_organization(), a_user(superuser=True)
    assert has_permission(user, "system.security", organization.pk)
    user.is_active = False
    assert not has_permission(user, "system.security", organization.pk)


def test_neither_inactive_people_nor_inactive_organizations_have_rights():
    organization = an_organization()
    admin = a_member(organization, "admin")
    organization.is_active = False
    organization.save()
    assert not has_permission(admin, "markets.read", organization.pk)
    assert not member_organization_ids(admin).exists()


def test_a_role_taken_away_acts_on_the_very_next_question():
    organization = an_organization()
    a_member(organization, "admin")
    manager = a_member(organization, "manager")
    require(manager, "markets.create", organization.pk)
    organizations.change_role(actor=None, organization_id=organization.pk, user_id=manager.pk, role="", now=NOW)
    with pytest.raises(PermissionMissing) as refused:
        require(manager, "markets.create", organization.pk)
    assert refused.value.data == {"permission": "markets.create"}


def test_each_question_costs_one_query(django_assert_num_queries):
    organization = an_organization()
    user = a_member(organization, "viewer")
    with django_assert_num_queries(1):
        has_permission(user, "markets.read", organization.pk)
    with django_assert_num_queries(1):
        list(organizations_with(user, "markets.read"))

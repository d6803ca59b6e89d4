"""People, tenants and callers for tests, made through the services."""

from datetime import UTC, datetime
from uuid import uuid4

from rest_framework.test import APIClient

from governance.identity import services as identity
from governance.identity.models import User
from governance.organizations import services as organizations
from governance.organizations.models import Organization

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


def a_user(*, superuser: bool = False, staff: bool = False) -> User:
    """A person with a name of their own, so that tests that commit do not meet."""
    user = User(username=f"user-{uuid4().hex}", is_superuser=superuser, is_staff=staff)
    user.set_password(PASSWORD)
    user.save()
    return user


def an_organization() -> Organization:
    slug = f"org-{uuid4().hex[:12]}"
    return organizations.create_organization(actor=None, name=slug.title(), slug=slug, now=NOW)


def a_member(organization: Organization, role: str = "", *, staff: bool = False) -> User:
    user = a_user(staff=staff)
    organizations.add_member(actor=None, organization_id=organization.pk, user_id=user.pk, role=role, now=NOW)
    return user


def calling_as(user: User | None) -> APIClient:
    """A client that presents no credentials but is taken for the user: for tests about anything but credentials."""
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def calling_with_key(user: User, scope: str) -> APIClient:
    _, text = identity.create_api_key(actor=user, name="test", scope=scope, now=NOW)
    return calling_with(f"Bearer {text}")


def calling_with(authorization: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=authorization)
    return client

"""The trail names who acted, and keeps secrets and personal data out of itself."""

import pytest
from auditlog.models import LogEntry

from governance.identity import services as identity
from governance.identity.models import ApiKey, User
from tests.governance.people import NOW, a_member, a_user, an_organization, calling_with, calling_with_key

pytestmark = pytest.mark.django_db


def test_a_change_over_the_api_names_the_keys_user_the_address_and_the_correlation():
    organization = an_organization()
    admin, newcomer = a_member(organization, "admin"), a_user()
    calling_with_key(admin, "admin").post(
        f"/api/v1/organizations/{organization.slug}/members",
        {"username": newcomer.username},
        headers={"X-Correlation-ID": "seen-again", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"},
    )
    entry = LogEntry.objects.get(content_type__model="membership", changes__user__1=str(newcomer.pk))
    assert entry.actor_id == admin.pk
    assert entry.remote_addr == "198.51.100.7"
    assert entry.cid == "seen-again"
    assert entry.additional_data == {"organization_id": str(organization.pk)}


def test_revoking_a_key_is_in_the_trail_and_using_it_is_not():
    user = a_user()
    key, text = identity.create_api_key(actor=user, name="bot", scope="read", now=NOW)
    calling_with(f"Bearer {text}").get("/api/v1/api-keys")
    identity.revoke_api_key(actor=user, api_key_id=key.pk, now=NOW, reason="leaked")
    entries = LogEntry.objects.get_for_object(ApiKey.objects.get(pk=key.pk)).order_by("timestamp", "id")
    assert [entry.get_action_display() for entry in entries] == ["create", "update"]
    assert entries[1].changes["revocation_reason"] == ["", "leaked"]
    assert "secret_hash" not in entries[0].changes


def test_the_trail_tells_that_personal_data_changed_but_not_what_it_was():
    user = a_user()
    user.email, user.display_name = "ada@example.org", "Ada"
    user.set_password("quite another password")
    user.save()
    entry = LogEntry.objects.get_for_object(User.objects.get(pk=user.pk)).latest("id")
    assert entry.changes["email"] == ["", "***"]
    assert set(entry.changes) == {"email", "display_name", "password"}
    assert "Ada" not in str(entry.changes)
    assert "$" not in str(entry.changes)

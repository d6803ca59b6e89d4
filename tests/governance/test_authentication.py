"""Who is let in, with what, and as whom."""

import base64
import json
import logging
from datetime import timedelta
from ipaddress import IPv6Address
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient

from governance.identity import services as identity
from governance.identity import tokens
from governance.identity.models import ApiKey, RevokedToken, User
from opinion_market.kernel import clock
from tests.governance.people import (
    NOW,
    PASSWORD,
    a_member,
    a_user,
    an_organization,
    calling_as,
    calling_with,
    calling_with_key,
)

pytestmark = pytest.mark.django_db
MINE = "/api/v1/api-keys"


def refusal(response):
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def from_somewhere():
    """A client at an address of its own: attempts are counted per address, for all tests in the same Redis."""
    return APIClient(headers={"X-Forwarded-For": str(IPv6Address(uuid4().int))})


def sign_in(user, password=PASSWORD):
    return from_somewhere().post("/api/v1/auth/token", {"username": user.username, "password": password})


def test_strangers_are_asked_to_sign_in():
    response = APIClient().get(MINE)
    assert refusal(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_acts_for_its_user(header):
    user = a_user()
    key, text = identity.create_api_key(actor=user, name="bot", scope="read", now=NOW)
    value = f"Bearer {text}" if header == "Authorization" else text
    listed = APIClient().get(MINE, headers={header: value}).json()["results"]
    assert [entry["id"] for entry in listed] == [str(key.pk)]


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer om_00000000_" + "A" * 43,
        "Bearer om_",
        "Bearer om_\u00e9",
        "Bearer nonsense",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "Bearer a.b.c",
    ],
)
def test_wrong_credentials_are_refused_however_they_are_wrong(authorization):
    response = APIClient().get(MINE, headers={"Authorization": authorization.encode().decode("latin-1")})
    assert refusal(response) == (401, "invalid_credentials")


def test_expired_and_revoked_keys_and_keys_of_inactive_users_are_refused():
    user = a_user()
    now = clock.now()
    _, expired = identity.create_api_key(
        actor=user, name="old", scope="read", now=now - timedelta(days=2), expires_at=now - timedelta(days=1)
    )
    key, revoked = identity.create_api_key(actor=user, name="lost", scope="read", now=now)
    identity.revoke_api_key(actor=user, api_key_id=key.pk, now=now)
    _, good = identity.create_api_key(actor=user, name="good", scope="read", now=now)
    assert refusal(calling_with(f"Bearer {expired}").get(MINE)) == (401, "invalid_credentials")
    assert refusal(calling_with(f"Bearer {revoked}").get(MINE)) == (401, "invalid_credentials")
    assert calling_with(f"Bearer {good}").get(MINE).status_code == 200
    user.is_active = False
    user.save()
    assert refusal(calling_with(f"Bearer {good}").get(MINE)) == (401, "invalid_credentials")


@pytest.mark.parametrize("scope", ["read", "trade"])
def test_a_key_makes_no_keys_unless_its_scope_is_admin(scope):
    user = a_user()
    response = calling_with_key(user, scope).post(MINE, {"name": "wider", "scope": "admin"})
    assert refusal(response) == (403, "scope_too_narrow")
    assert response.json()["data"] == {"scope": scope, "required": "admin"}
    assert calling_with_key(user, "admin").post(MINE, {"name": "wider", "scope": "admin"}).status_code == 201


def test_an_admin_key_may_no_more_than_its_user():
    organization = an_organization()
    client = calling_with_key(a_member(organization, "viewer"), "admin")
    response = client.post(f"/api/v1/organizations/{organization.slug}/members", {"username": a_user().username})
    assert refusal(response) == (403, "permission_missing")


def test_the_secret_is_told_once_and_kept_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    user = a_user()
    made = calling_as(user).post(MINE, {"name": "bot", "scope": "trade", "expires_at": "2999-01-01T00:00:00Z"})
    text = made.json()["key"]
    assert made.status_code == 201
    assert text.startswith(made.json()["prefix"] + "_")
    assert "key" not in calling_as(user).get(f"{MINE}/{made.json()['id']}").json()
    row = ApiKey.objects.filter(pk=made.json()["id"]).values().get()
    secret = text.removeprefix(made.json()["prefix"] + "_")
    assert secret not in str(row)
    assert secret not in caplog.text


def test_deleting_a_key_revokes_it_and_may_be_repeated():
    user = a_user()
    key, text = identity.create_api_key(actor=user, name="bot", scope="admin", now=NOW)
    assert calling_as(user).delete(f"{MINE}/{key.pk}").status_code == 204
    first = ApiKey.objects.get(pk=key.pk).revoked_at
    assert calling_as(user).delete(f"{MINE}/{key.pk}").status_code == 204
    assert ApiKey.objects.get(pk=key.pk).revoked_at == first
    assert calling_with(f"Bearer {text}").get(MINE).status_code == 401


def test_other_peoples_keys_do_not_exist():
    key, _ = identity.create_api_key(actor=a_user(), name="theirs", scope="read", now=NOW)
    client = calling_as(a_user())
    assert refusal(client.get(f"{MINE}/{key.pk}")) == (404, "api_key_not_found")
    assert refusal(client.delete(f"{MINE}/{key.pk}")) == (404, "api_key_not_found")
    assert client.get(MINE).json()["results"] == []


def test_an_expiry_in_the_past_is_refused():
    response = calling_as(a_user()).post(MINE, {"name": "late", "expires_at": "2020-01-01T00:00:00Z"})
    assert refusal(response) == (422, "invalid_expiry")


def test_recognising_a_key_costs_one_query_and_its_use_is_written_once_a_minute(django_assert_num_queries):
    _, text = identity.create_api_key(actor=a_user(), name="bot", scope="read", now=NOW)
    used_at = NOW + timedelta(hours=1)
    identity.recognise_api_key(text, now=used_at)
    with django_assert_num_queries(1):
        again = identity.recognise_api_key(text, now=used_at + timedelta(seconds=59))
    assert again is not None
    assert again.last_used_at == used_at
    assert again.user.is_active
    identity.recognise_api_key(text, now=used_at + timedelta(seconds=60))
    assert ApiKey.objects.get(pk=again.pk).last_used_at == used_at + timedelta(seconds=60)


def test_a_token_is_had_for_a_password_and_acts_for_its_user():
    user = a_user()
    pair = sign_in(user)
    assert pair.status_code == 200
    assert pair.json()["expires_in_s"] == 600
    assert calling_with(f"Bearer {pair.json()['access']}").get(MINE).status_code == 200
    # A refresh token is no access token.
    assert refusal(calling_with(f"Bearer {pair.json()['refresh']}").get(MINE)) == (401, "invalid_credentials")


def test_a_wrong_password_and_an_unknown_name_are_answered_alike():
    user = a_user()
    wrong = sign_in(user, "wrong").json()
    unknown = sign_in(User(username=uuid4().hex), "wrong").json()
    assert wrong.pop("correlation_id") != unknown.pop("correlation_id")
    assert wrong == unknown
    user.is_active = False
    user.save()
    assert refusal(sign_in(user)) == (401, "invalid_credentials")


def test_a_token_signed_by_another_is_refused():
    access = sign_in(a_user()).json()["access"]
    header, payload, signature = access.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["user_id"] = str(a_user(superuser=True).pk)
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    assert refusal(calling_with(f"Bearer {header}.{forged}.{signature}").get(MINE)) == (401, "invalid_credentials")


def test_changing_the_password_ends_all_tokens():
    user = a_user()
    pair = sign_in(user).json()
    user.set_password("another long password")
    user.save()
    assert calling_with(f"Bearer {pair['access']}").get(MINE).status_code == 401
    response = from_somewhere().post("/api/v1/auth/token/refresh", {"refresh": pair["refresh"]})
    assert refusal(response) == (401, "invalid_credentials")


def test_a_refresh_token_works_once():
    pair = sign_in(a_user()).json()
    renewed = from_somewhere().post("/api/v1/auth/token/refresh", {"refresh": pair["refresh"]})
    assert renewed.status_code == 200
    assert calling_with(f"Bearer {renewed.json()['access']}").get(MINE).status_code == 200
    again = from_somewhere().post("/api/v1/auth/token/refresh", {"refresh": pair["refresh"]})
    assert refusal(again) == (401, "invalid_credentials")


def test_a_refresh_token_given_back_works_no_more_and_is_forgotten_when_it_would_have_expired():
    pair = sign_in(a_user()).json()
    for _ in range(2):
        given_back = from_somewhere().post("/api/v1/auth/token/revoke", {"refresh": pair["refresh"]})
        assert given_back.status_code == 204
    assert from_somewhere().post("/api/v1/auth/token/refresh", {"refresh": pair["refresh"]}).status_code == 401
    assert tokens.purge_expired(now=clock.now()) == 0
    assert tokens.purge_expired(now=clock.now() + timedelta(days=15)) == 1
    assert not RevokedToken.objects.exists()


def test_guessing_a_password_is_slowed_down_whatever_address_it_comes_from():
    user = a_user()
    answers = [sign_in(user, "guess") for _ in range(11)]
    assert {answer.status_code for answer in answers[:10]} == {401}
    assert refusal(answers[10]) == (429, "too_many_requests")
    assert int(answers[10]["Retry-After"]) > 0


def test_a_session_needs_the_csrf_token_to_change_anything():
    user = a_user()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get(MINE).status_code == 200
    refused = client.post(MINE, {"name": "forged"}, content_type="application/json")
    assert refusal(refused) == (403, "csrf_failed")
    assert not ApiKey.objects.filter(user=user).exists()


def test_trying_many_names_from_one_address_is_slowed_down_too():
    client = from_somewhere()
    answers = [client.post("/api/v1/auth/token", {"username": uuid4().hex, "password": "guess"}) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]

"""This platform as an OAuth 2 provider: a person allows a program; the program gets a token that is theirs alone."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT
from oauth2_provider.models import AccessToken, Application

from mesh.gateway import services
from opinion_market.kernel import clock
from tests.governance.people import a_user

pytestmark = pytest.mark.django_db
BACK = "https://program.example.org/back"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SECRET = "a secret of the program"


@pytest.fixture
def program():
    return Application.objects.create(
        name="Program", client_type="confidential", authorization_grant_type="authorization-code", redirect_uris=BACK,
        client_secret=SECRET,
    )  # fmt: skip


def asking(program, **others) -> dict[str, str]:
    given = {
        "response_type": "code", "client_id": program.client_id, "redirect_uri": BACK, "scope": "read", "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", **others,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}


def a_code(program, person) -> str:
    browser = Client()
    browser.force_login(person)
    page = browser.get("/oauth/authorize", asking(program))
    assert "Allow “Program” to act for you?" in page.content.decode()
    allowed = browser.post("/oauth/authorize", {**asking(program), "allow": "Allow"})
    found = parse_qs(urlsplit(allowed["Location"]).query)
    assert found["state"] == ["s"]
    return found["code"][0]


def exchanged(program, code: str, verifier: str = VERIFIER) -> dict:
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": program.client_id,
             "client_secret": SECRET, "code_verifier": verifier}  # fmt: skip
    answer = Client().post("/oauth/token", given)
    return {"status": answer.status_code, **json.loads(answer.content)}


def introspected(program, token: str) -> dict:
    basic = base64.b64encode(f"{program.client_id}:{SECRET}".encode()).decode()
    answer = Client().post("/oauth/introspect", {"token": token}, HTTP_AUTHORIZATION=f"Basic {basic}")
    return json.loads(answer.content)


def test_a_code_becomes_a_token_that_our_published_keys_verify(program):
    ann = a_user()
    token = exchanged(program, a_code(program, ann))
    assert (token["status"], token["scope"], token["expires_in"]) == (200, "read", 600)
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    keys = JWKSet.from_json(Client().get(urlsplit(metadata["jwks_uri"]).path).content.decode())
    claims = json.loads(JWT(jwt=token["access_token"], key=keys, algs=["EdDSA"]).claims)
    assert (claims["sub"], claims["iss"], claims["scope"]) == (str(ann.pk), metadata["issuer"], "read")
    assert claims["exp"] - claims["iat"] == 600
    # What is kept cannot be used by whoever reads the database.
    assert not AccessToken.objects.filter(token=token["access_token"]).exists()
    seen = introspected(program, token["access_token"])
    assert (seen["active"], seen["username"]) == (True, ann.username)


def test_a_code_works_once_and_only_for_whoever_asked(program):
    ann = a_user()
    code = a_code(program, ann)
    assert exchanged(program, code, "w" * 64)["error"] == "invalid_grant"
    code = a_code(program, ann)
    assert exchanged(program, code)["status"] == 200
    assert exchanged(program, code)["error"] == "invalid_grant"


def test_without_proof_of_possession_or_for_another_address_nothing_is_asked(program):
    browser = Client()
    browser.force_login(a_user())
    assert "error=invalid_request" in browser.get("/oauth/authorize", asking(program, code_challenge=""))["Location"]
    elsewhere = browser.get("/oauth/authorize", asking(program, redirect_uri="https://evil.example.org/"))
    assert elsewhere.status_code == 400
    assert "/sign-in" in Client().get("/oauth/authorize", asking(program))["Location"]


def test_a_token_given_back_is_no_longer_active(program):
    token = exchanged(program, a_code(program, a_user()))["access_token"]
    given = {"token": token, "client_id": program.client_id, "client_secret": SECRET}
    assert Client().post("/oauth/revoke", given).status_code == 200
    assert introspected(program, token) == {"active": False}


def test_tokens_outlive_the_rotation_of_the_key_that_signed_them(program):
    token = exchanged(program, a_code(program, a_user()))["access_token"]
    services.rotate_signing_key(actor=a_user(superuser=True), algorithm="RS256", reason="x", now=clock.now())
    keys = JWKSet.from_json(Client().get("/.well-known/jwks.json").content.decode())
    assert len(keys["keys"]) == 2
    JWT(jwt=token, key=keys, algs=["EdDSA"])
    newer = exchanged(program, a_code(program, a_user()))["access_token"]
    JWT(jwt=newer, key=keys, algs=["RS256"])

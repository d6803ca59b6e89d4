"""Who may pass, on a real Envoy with the real authorisation endpoint: everything that is not proved is refused."""

import base64
import time
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken

from governance.identity import services as identity
from mesh.gateway import services
from mesh.gateway.models import IdentityProvider
from mesh.gateway.oauth.tokens import signed_token
from mesh.gateway.rendering.names import IDENTITY
from mesh.gateway.services import create_basic_credential
from mesh.gateway.signing import own_jwks
from mesh.gateway.spec import Gateway, Provider, Route
from opinion_market.kernel import clock
from tests.governance.people import a_member, a_user, an_organization
from tests.mesh.gateway.envoy import Seen
from tests.mesh.gateway.tokens import AUDIENCE, ISSUER, Issuer

_numbers = count(1)
SPOOFED = dict.fromkeys(IDENTITY, "root") | {"X_OM_USER": "root", "X-Om-Anything": "root"}


def behind(kind: str, **fields: object) -> Gateway:
    provider = Provider(name="provider", kind=kind, **fields)
    guarded = Route(name="guarded", upstream="demo/shop", path="/g", authentication="provider")
    return Gateway(routes=[guarded, Route(name="rest", upstream="platform/web")], providers=[provider])


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def reached(answer) -> dict[str, str]:
    """The identity that reached the service."""
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json()["headers"].items() if name.startswith("x-om-")}


def refused(answer) -> bool:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    return (answer.status_code, problem["code"]) in {(401, "unauthenticated"), (403, "forbidden")}


@pytest.fixture
def django(opened, committed_db):
    """The platform's own authorisation endpoint behind the front door, and a provider of each kind."""

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in seen.headers.items()}
        given = Client().generic(seen.method, seen.path, **headers)
        return given.status_code, {name.lower(): value for name, value in given.headers.items()}, given.content

    opened.platform.answer = answer
    root = a_user(superuser=True)

    def provider(kind: str) -> str:
        name = f"provider-{next(_numbers)}-{root.pk.hex[-8:]}"
        now = clock.now()
        IdentityProvider.objects.create(name=name, kind=kind, created_at=now, updated_at=now)
        return name

    opened.root, opened.provider = root, provider
    return opened


def door_of(opened, kind: str):
    gateway = behind(kind)
    name = opened.provider(kind)
    return opened(
        replace(
            gateway,
            providers=[replace(gateway.providers[0], name=name)],
            routes=[replace(gateway.routes[0], authentication=name), gateway.routes[1]],
        )
    )


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_json_web_tokens(opened, algorithm):
    issuer, stranger = Issuer(algorithm), Issuer(algorithm)
    provider = {"issuer": ISSUER, "audiences": (AUDIENCE,), "organization_claim": "org"}
    door = opened(behind("jwt", jwks=issuer.jwks(), **provider))
    with door.client() as client:
        passed = reached(client.get("/g", headers=bearer(issuer.token(org="o1", scope="read")) | SPOOFED))
        assert passed == {
            "x-om-user": "ann", "x-om-organization": "o1", "x-om-scope": "read", "x-om-proved-by": "provider",
            "x-om-front-door": "1", "x-om-service": "demo/shop",
        }  # fmt: skip
        bad = {
            "missing": "",
            "expired": issuer.token(exp=1_000_000_000),
            "without an end": issuer.token(exp=None),
            "not yet valid": issuer.token(nbf=4_000_000_000),
            "for another audience": issuer.token(aud="others"),
            "for no audience": issuer.token(aud=None),
            "of another issuer": issuer.token(iss="https://evil.example.org"),
            "tampered with": issuer.tampered(),
            "unsigned": issuer.unsigned(),
            "signed with the public key": issuer.confused(),
            "of a stranger": stranger.token(),
            "cut": issuer.token()[:-10],
            "nonsense": "a.b.c",
        }
        for what, token in bad.items():
            answer = client.get("/g", headers=(bearer(token) if token else {}) | SPOOFED)
            assert refused(answer), what
        assert len(opened.shop.seen) == 1
        assert reached(client.get("/", headers=SPOOFED)) == {"x-om-front-door": "1"}


def test_rotated_keys_and_revoked_tokens(opened):
    issuer = Issuer()
    provider = {"issuer": ISSUER, "audiences": (AUDIENCE,)}
    door = opened(behind("jwt", jwks=issuer.jwks(), **provider))
    with door.client() as client:
        old = issuer.token(jti="old")
        assert client.get("/g", headers=bearer(old)).status_code == 200
        issuer.rotate("k2")
        new = issuer.token(jti="new")
        assert refused(client.get("/g", headers=bearer(new)))
        more = Route(name="more", upstream="demo/shop", path="/more")
        door.publish(replace(behind("jwt", jwks=issuer.jwks(), **provider), routes=[more, *door.gateway.routes]))
        for token in (old, new):
            assert client.get("/g", headers=bearer(token)).status_code == 200
        del issuer.keys["k1"]
        without = behind("jwt", jwks=issuer.jwks(), revoked=("stolen",), **provider)
        door.publish(without)
        assert refused(client.get("/g", headers=bearer(old)))
        assert client.get("/g", headers=bearer(new)).status_code == 200
        assert refused(client.get("/g", headers=bearer(issuer.token(jti="stolen"))))


def test_api_keys(django):
    organization = an_organization()
    ann = a_member(organization)
    key, text = identity.create_api_key(actor=ann, name="x", scope="trade", now=clock.now())
    _, short = identity.create_api_key(
        actor=ann, name="x", scope="read", now=clock.now(), expires_at=clock.now() + timedelta(seconds=0.5)
    )
    door = door_of(django, "api_key")
    with door.client() as client:
        for headers in (bearer(text), {"x-api-key": text}):
            passed = reached(client.post("/g", headers=headers | SPOOFED, content=b"order"))
            assert (passed["x-om-user"], passed["x-om-key"]) == (str(ann.pk), str(key.pk))
            assert (passed["x-om-organization"], passed["x-om-scope"]) == (str(organization.pk), "trade")
        assert django.shop.seen[0].body == b"order"
        assert not any(seen.body for seen in django.platform.seen)
        for bad in ({}, bearer(text[:-1] + "x"), bearer("om_"), {"x-api-key": "nonsense"}, SPOOFED):
            assert refused(client.get("/g", headers=bad))
        identity.revoke_api_key(actor=ann, api_key_id=key.pk, now=clock.now())
        assert refused(client.get("/g", headers=bearer(text)))

        time.sleep(0.6)
        assert refused(client.get("/g", headers=bearer(short)))
        _, third = identity.create_api_key(actor=ann, name="x", scope="read", now=clock.now())
        assert client.get("/g", headers=bearer(third)).status_code == 200
        ann.is_active = False
        ann.save()
        assert refused(client.get("/g", headers=bearer(third)))


def test_without_the_authorisation_service_nobody_passes(django):
    ann = a_user()
    _, text = identity.create_api_key(actor=ann, name="x", scope="read", now=clock.now())
    door = door_of(django, "api_key")
    with door.client() as client:
        assert client.get("/g", headers=bearer(text)).status_code == 200
        reaching = len(django.shop.seen)
        django.platform.answer = lambda seen: (500, {}, b"broken")
        assert client.get("/g", headers=bearer(text)).status_code != 200
        django.platform.stop()
        answer = client.get("/g", headers=bearer(text))
        assert (answer.status_code, answer.json()["code"]) == (503, "authorisation_unavailable")
        assert len(django.shop.seen) == reaching
        django.platform.start()


def test_oauth_tokens_are_looked_up(django):
    ann = a_member(an_organization())
    now = clock.now()

    def token(text: str, expires) -> AccessToken:
        return AccessToken.objects.create(user=ann, token=text, expires=expires, scope="read trade")

    good, old = token(f"good-{ann.pk}", now + timedelta(minutes=1)), token(f"old-{ann.pk}", now)
    door = door_of(django, "oauth2")
    with door.client() as client:
        passed = reached(client.get("/g", headers=bearer(f"good-{ann.pk}")))
        assert (passed["x-om-user"], passed["x-om-scope"]) == (str(ann.pk), "read trade")
        for bad in ("x", f"old-{ann.pk}", "om_nonsense"):
            assert refused(client.get("/g", headers=bearer(bad)))
        good.delete()
        assert refused(client.get("/g", headers=bearer(f"good-{ann.pk}")))
    assert old.is_expired()


def test_basic_credentials(django):
    ann, now = a_user(), clock.now()
    credential, password = create_basic_credential(actor=django.root, user=ann, description="till", now=now)

    def basic(name: str, secret: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}

    door = door_of(django, "basic")
    with door.client() as client:
        assert reached(client.get("/g", headers=basic(credential.username, password)))["x-om-user"] == str(ann.pk)
        answer = client.get("/g")
        assert answer.headers["www-authenticate"].startswith("Basic ")
        for bad in (basic(credential.username, "x"), basic("x", password), basic(credential.username, ""),
                    {"authorization": "Basic !"}, bearer(password)):  # fmt: skip
            assert refused(client.get("/g", headers=bad))
        services.revoke_basic_credential(actor=django.root, credential_id=credential.pk, now=now)
        assert refused(client.get("/g", headers=basic(credential.username, password)))


def test_an_external_authorisation_service_sees_the_request_and_says_who_it_is(opened):
    door = opened(behind("custom", service="demo/guard", path="/check"))
    with door.client() as client:
        answer = client.get("/g/deep?x=1", headers={"authorization": 'Identity {"x-om-user": "ann", "x-other": "y"}'})
        assert reached(answer)["x-om-user"] == "ann"
        assert "x-other" not in answer.json()["headers"]
        assert opened.guard.seen[0].path == "/check/g/deep?x=1"
        assert refused(client.get("/g"))
        assert refused(client.get("/g", headers={"authorization": "Identity nonsense"}))


def test_a_route_whose_provider_is_gone_lets_nobody_through(opened):
    door = opened(replace(behind("api_key"), providers=[]))
    opened.platform.answer = lambda seen: (200 if "nobody" not in seen.path else 401, {}, b"")
    with door.client() as client:
        assert refused(client.get("/g"))


def test_our_own_tokens_are_verified_by_their_signature(opened, committed_db):
    class Asked:
        scopes, client = ["read"], None
        user = a_user()

    token = signed_token(Asked())
    issuer = {"issuer": "http://localhost:8000", "audiences": (AUDIENCE,), "jwks": own_jwks()}
    door = opened(behind("jwt", **issuer))
    with door.client() as client:
        assert reached(client.get("/g", headers=bearer(token)))["x-om-user"] == str(Asked.user.pk)


@pytest.mark.parametrize(
    "path",
    ["/internal/gateway/authorise/x", "/%69nternal/gateway/authorise/x", "/a/../internal/gateway/authorise/x",
     "//internal/gateway/authorise/x", "/internal//gateway/authorise/x", "/internal/gateway%2fauthorise/x"],
)  # fmt: skip
def test_the_authorisation_endpoint_cannot_be_reached_from_outside(django, path):
    ann = a_user()
    _, text = identity.create_api_key(actor=ann, name="x", scope="read", now=clock.now())
    name = django.provider("api_key")
    django.web.answer, django.web.is_blocking = django.platform.answer, True
    door = django(Gateway(routes=[Route(name="rest", upstream="platform/web")]))
    with door.client() as client:
        answer = client.get(door.url + path.replace("/x", f"/{name}"), headers=bearer(text))
    assert answer.status_code in {400, 404}
    assert not any(header.startswith("x-om-") for header in answer.headers)

"""The gateway over the API: operators only; what is refused changes nothing; what is kept becomes what Envoy is given."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from auditlog.models import LogEntry

from mesh.gateway import request_log, selectors, services
from mesh.gateway.models import RateLimit, Route
from mesh.registry.models import Mesh, Service
from opinion_market.kernel import clock
from tests.governance.people import a_member, a_user, an_organization, calling_as
from tests.mesh.gateway.tokens import Issuer

pytestmark = pytest.mark.django_db
BASE = "/api/v1/api-gateway/"


class Operator:
    def __init__(self, user) -> None:
        self.client = calling_as(user)

    def __call__(self, method: str, path: str, body=None, expected: int | None = None, **headers):
        given = getattr(self.client, method)(BASE + path, body, **headers)
        if expected is not None:
            assert given.status_code == expected, given.content
        return json.loads(given.content) if given.content else None

    def refused(self, method: str, path: str, body=None) -> tuple[int, str]:
        answer = getattr(self.client, method)(BASE + path, body)
        return answer.status_code, json.loads(answer.content)["code"]


@pytest.fixture
def operator():
    now = clock.now()
    services.ensure_default_routes(now=now)
    mesh, _ = Mesh.objects.get_or_create(name="demo", defaults={"created_at": now})
    for name in ("shop", "guard"):
        Service.objects.get_or_create(
            mesh=mesh, name=name, defaults={"type": "trading", "created_at": now, "updated_at": now}
        )
    return Operator(a_user(superuser=True))


def route(operator, **fields):
    return operator("post", "routes", {"name": "shop", "path": "/shop/", "upstream": "demo/shop", **fields}, 201)


def names(operator) -> list[str]:
    return [each["name"] for each in operator("get", "routes", expected=200)["results"]]


OWN = ["websockets", "analytics-websockets", "performance-stream", "market-stream", "event-streams", "web"]


def test_a_route_goes_before_the_platforms_own_and_is_ordered_changed_and_removed(operator):
    first, second = route(operator), route(operator, name="shop-b", path="/b/")
    assert names(operator) == ["shop", "shop-b", *OWN]
    operator("post", f"routes/{second['id']}/move", {"before": first["id"], "reason": "first"}, 200)
    assert names(operator) == ["shop-b", "shop", *OWN]
    operator("post", f"routes/{second['id']}/move", {"before": None}, 200)
    assert names(operator) == ["shop", *OWN, "shop-b"]
    changed = operator("patch", f"routes/{first['id']}", {"methods": ["GET"], "cache_s": 60}, 200)
    assert (changed["methods"], changed["cache_s"], changed["path"]) == (["GET"], 60, "/shop/")
    assert next(each for each in selectors.gateway().routes if each.name == "shop").cache_s == 60
    operator("patch", f"routes/{first['id']}", {"is_enabled": False}, 200)
    assert "shop" not in [each.name for each in selectors.gateway().routes]
    operator("delete", f"routes/{first['id']}", expected=204)
    assert operator.refused("get", f"routes/{first['id']}") == (404, "route_not_found")


def test_a_split_and_everything_else_of_a_route_becomes_what_envoy_is_given(operator):
    operator("post", "providers", {"name": "keys", "kind": "api_key"}, 201)
    route(
        operator,
        hosts=["*.example.org"],
        headers=[{"name": "accept-version", "value": "v2"}],
        backends=[{"service": "demo/shop", "weight": 9}, {"service": "demo/shop", "version": "v2", "weight": 1}],
        authentication="keys",
        cors={"origins": ["https://example.org"]},
        deprecated_at="2026-01-01T00:00:00Z",
        sunset_at="2027-01-01T00:00:00Z",
        successor="/v3/",
    )
    wanted = selectors.gateway().routes[0]
    assert [(each.service, each.version, each.weight) for each in wanted.split] == [
        ("demo/shop", "", 9),
        ("demo/shop", "v2", 1),
    ]
    assert (wanted.authentication, wanted.hosts) == ("keys", ("*.example.org",))
    assert wanted.deprecation.sunset == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert wanted.headers[0].name == "accept-version"
    assert wanted.cors.origins == ["https://example.org"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "shop"}, {"name": "Not A Label"}, {"upstream": "demo/none"}, {"hosts": ["under_score"]},
        {"methods": ["get"]}, {"headers": [{"name": "a b"}]}, {"headers": [{"name": "x", "kind": "regex"}]},
        {"authentication": "nobody"}, {"cache_s": 60}, {"cache_s": 60, "methods": ["GET", "POST"]},
        {"cache_s": 60, "methods": ["GET"], "rewrite": "/"}, {"cors": {"origins": ["*"], "allows_credentials": True}},
        {"cors": {"origins": ["example.org"]}}, {"rewrite": "x"}, {"sunset_at": "2027-01-01T00:00:00Z"},
        {"backends": [{"service": "demo/shop", "weight": 0}]}, {"unknown": 1},
        {"backends": [{"service": "demo/shop", "weight": 1}, {"service": "demo/shop", "weight": 2}]},
    ],
)  # fmt: skip
def test_what_no_route_can_be_is_refused_and_changes_nothing(operator, wrong):
    before = names(operator)
    body = {"name": "shop", "path": "/shop/", "upstream": "demo/shop", **wrong}
    assert operator.refused("post", "routes", body)[0] == 422
    assert names(operator) == before


def test_a_cached_route_cannot_be_made_to_authenticate(operator):
    operator("post", "providers", {"name": "keys", "kind": "api_key"}, 201)
    cached = route(operator, cache_s=60, methods=["GET"])
    assert operator.refused("patch", f"routes/{cached['id']}", {"authentication": "keys"}) == (422, "invalid_route")
    assert Route.objects.get(name="shop").authentication is None


def test_the_platforms_own_routes_keep_it_reachable(operator):
    own = {each["name"]: each["id"] for each in operator("get", "routes")["results"]}
    for body in ({"upstream": "demo/shop"}, {"path": "/x"}, {"is_enabled": False}):
        assert operator.refused("patch", f"routes/{own['web']}", body) == (409, "platform_route")
    assert operator.refused("delete", f"routes/{own['event-streams']}") == (409, "platform_route")
    assert operator("patch", f"routes/{own['web']}", {"is_compressed": True}, 200)["is_compressed"]


def test_the_preview_names_the_route_and_what_the_request_passes(operator):
    route(operator, methods=["GET"], body_limit_bytes=10)
    found = operator("post", "routes/preview", {"path": "/shop/x?y=1"}, 200)
    assert found["route"]["name"] == "shop"
    assert found["pipeline"] == ["identity", "body_limit", "upstream"]
    assert operator("post", "routes/preview", {"path": "/shop/x", "method": "POST"}, 200)["route"]["name"] == "web"


def test_limits(operator):
    route(operator)
    body = {"name": "each", "scope": "key", "unit": "minute", "requests": 5, "route": "shop"}
    made = operator("post", "rate-limits", body, 201)
    assert selectors.gateway().limits[0].route == "shop"
    status = operator("get", "rate-limits", expected=200)
    assert ([each["name"] for each in status["limits"]], status["last_hour"]) == (["each"], [])
    assert operator("patch", f"rate-limits/{made['id']}", {"requests": 7, "route": None}, 200)["requests"] == 7
    for wrong in ({"requests": 0}, {"route": "none"}, {"unit": "week"}):
        assert operator.refused("patch", f"rate-limits/{made['id']}", wrong)[0] == 422
    order = ["security_headers", "cors", "compression", "rate_limits", "authentication", "body_limit", "cache"]
    assert operator.refused("patch", "settings", {"middleware": order}) == (422, "invalid_middleware")
    operator("delete", f"rate-limits/{made['id']}", expected=204)
    assert operator("patch", "settings", {"middleware": order}, 200)["middleware"] == order
    assert operator.refused("post", "rate-limits", body) == (422, "invalid_limit")
    assert not RateLimit.objects.exists()
    assert operator.refused("patch", "settings", {"middleware": order[1:]}) == (422, "invalid_middleware")


def test_providers_take_public_keys_only(operator):
    issuer = Issuer()
    jwt = {
        "name": "issuer",
        "kind": "jwt",
        "issuer": "https://i.example.org",
        "audiences": ["us"],
        "jwks": issuer.jwks(),
    }
    made = operator("post", "providers", jwt, 201)
    private = json.dumps({"keys": [json.loads(issuer.keys["k1"].export_private())]})
    symmetric = json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}]})
    for wrong in (
        {"jwks": private},
        {"jwks": symmetric},
        {"jwks": "{}"},
        {"jwks": ""},
        {"audiences": []},
        {"issuer": ""},
    ):
        assert operator.refused("post", "providers", {**jwt, "name": "other", **wrong}) == (422, "invalid_provider")
    issuer.rotate("k2")
    changed = operator("patch", f"providers/{made['id']}", {"jwks": issuer.jwks()}, 200)
    assert len(json.loads(changed["jwks"])["keys"]) == 2
    route(operator, authentication="issuer")
    assert operator.refused("delete", f"providers/{made['id']}") == (409, "provider_in_use")
    soon = (clock.now() + timedelta(minutes=5)).isoformat()
    for _ in range(2):
        operator("post", f"providers/{made['id']}/revocations", {"jti": "stolen", "expires_at": soon}, 204)
    [provider] = selectors.gateway().providers
    assert provider.revoked == ("stolen",)
    assert selectors.gateway(now=clock.now() + timedelta(hours=1)).providers[0].revoked == ()
    assert operator.refused("post", "providers", {"name": "c", "kind": "custom"}) == (422, "invalid_provider")


def test_our_own_keys_are_made_rotated_and_shown_without_their_private_half(operator):
    own = {"name": "own", "kind": "jwt", "issuer": "http://localhost:8000", "audiences": ["x"], "is_own_issuer": True}
    operator("post", "providers", own, 201)
    rotated = operator("post", "signing-keys", {"algorithm": "RS256"}, 201)
    keys = operator("get", "signing-keys", expected=200)
    assert keys[0]["kid"] == rotated["kid"]
    assert [bool(each["retired_at"]) for each in keys] == [False, True]
    given = json.loads(selectors.gateway().providers[0].jwks)["keys"]
    assert {each["kid"] for each in given} == {each["kid"] for each in keys}
    assert not any("d" in each for each in given)
    published = json.loads(operator.client.get("/.well-known/jwks.json").content)["keys"]
    assert published == given


def line(**fields) -> str:
    now = clock.now()
    seen = {
        "time": now.isoformat().replace("+00:00", "Z"), "trace_id": str(uuid4()), "route": "shop", "method": "GET",
        "path": "/shop/", "status": 200, "flags": "-", "duration_us": 1_000, "share_ppm": "1000000", "slow_ms": "1000",
        **fields,
    }  # fmt: skip
    return json.dumps(seen)


def test_the_log_is_filtered_and_each_row_counts_as_often_as_it_stands_for(operator):
    tenth = [line(share_ppm="100000", duration_us=1_000 + index) for index in range(90)]
    slow = [line(share_ppm="100000", duration_us=2_000_000) for _ in range(9)]
    broken = line(status=503, share_ppm="100000", flags="UF", user="u1", limited_by="")
    limited = line(status=429, limited_by="minute", user="u1")
    assert request_log.record([*tenth, *slow, broken, limited, "{cut off", "{}"], node="here") == 101
    assert request_log.record([], node="here") == 0
    [figures] = operator("get", "metrics?minutes=5", expected=200)
    assert (figures["route"], figures["requests"], figures["failures"], figures["limited"]) == ("shop", 911, 1, 1)
    # Nine slow ones of 911: the 99th percentile is the first of them, not the 90th percentile of the rows.
    assert (figures["p50_us"] < 1_100, figures["p95_us"] < 1_100, figures["p99_us"]) == (True, True, 1_089)
    found = operator("get", "requests?status_from=400&user=u1", expected=200)["results"]
    assert [each["status"] for each in found] == [429, 503]
    [one] = operator("get", f"requests?trace_id={found[0]['trace_id']}", expected=200)["results"]
    assert (one["limited_by"], one["flags"], one["node"]) == ("minute", "", "here")
    assert len(operator("get", "requests?slower_than_ms=1500", expected=200)["results"]) == 9
    assert operator("get", "rate-limits")["last_hour"] == [{"route": "shop", "unit": "minute", "refused": 1}]
    dashboard = operator("get", "dashboard", expected=200)
    assert sum(each["requests"] for each in dashboard["course"]) == 911
    assert operator("get", "status", expected=200)["requests_last_minute"] == 911
    assert request_log.purge(now=clock.now() + timedelta(days=15)) == 101


def test_nobody_but_an_operator_sees_or_changes_anything(operator):
    admin = Operator(a_member(an_organization(), "admin"))
    stranger = Operator(None)
    one = route(operator)["id"]
    reads = ("status", "dashboard", "metrics", "settings", "routes", f"routes/{one}", "rate-limits", "providers",
             "signing-keys", "basic-credentials", "requests")  # fmt: skip
    for path in reads:
        assert admin.refused("get", path) == (403, "permission_missing")
        assert stranger.refused("get", path) == (401, "not_authenticated")
    writes = {
        "routes": {"name": "x", "path": "/x", "upstream": "demo/shop"},
        "rate-limits": {"name": "x", "scope": "ip", "unit": "day", "requests": 1},
        "providers": {"name": "x", "kind": "api_key"},
        "signing-keys": {},
        "requests": {"path": "/"},
        "routes/preview": {},
    }
    for path, body in writes.items():
        assert admin.refused("post", path, body) == (403, "permission_missing")
    assert admin.refused("patch", "settings", {"log_slow_ms": 5}) == (403, "permission_missing")
    assert admin.refused("delete", f"routes/{one}") == (403, "permission_missing")


def test_a_repeated_request_makes_one_route(operator):
    body = {"name": "shop", "path": "/shop/", "upstream": "demo/shop"}
    first = operator("post", "routes", body, 201, HTTP_IDEMPOTENCY_KEY="k")
    assert operator("post", "routes", body, 201, HTTP_IDEMPOTENCY_KEY="k") == first
    assert operator.refused("post", "routes", body) == (422, "invalid_route")


def test_basic_credentials_tell_their_password_once_and_are_audited(operator):
    ann = a_user()
    made = operator("post", "basic-credentials", {"user": str(ann.pk), "description": "till"}, 201)
    [listed] = operator("get", "basic-credentials", expected=200)["results"]
    assert "password" not in listed
    assert (listed["user"], listed["username"]) == (str(ann.pk), made["username"])
    assert operator.refused("post", "basic-credentials", {"user": str(uuid4())}) == (422, "invalid_provider")
    for _ in range(2):
        operator("delete", f"basic-credentials/{made['id']}", expected=204)
    assert operator("get", "basic-credentials")["results"][0]["revoked_at"]
    entries = LogEntry.objects.filter(object_pk=made["id"])
    assert [entry.action for entry in entries.order_by("id")] == [LogEntry.Action.CREATE, LogEntry.Action.UPDATE]
    assert not any("secret_hash" in entry.changes for entry in entries)

"""Routes on a real Envoy: what takes which request, what happens to it on the way, and what the platform's own do."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.gateway import selectors, services
from mesh.gateway.matching import Request, route_for
from mesh.gateway.spec import Backend, Cors, Deprecation, Gateway, HeaderMatch, Route
from opinion_market.kernel import clock

REST = Route(name="rest", upstream="platform/web")
METHODS = ("GET", "POST", "DELETE")
# As in the contract.
WEBSOCKET_PREFIXES = ("/ws/", "/api/v1/ai-analytics/ws/")
EVENT_STREAM_PATHS = ("/api/v1/monitoring/performance/realtime", "/api/v1/stream")
PATHS = ("/", "/a", "/a/", "/ab", "/a/b", "/a/b/c", "/v1/x", "/v2/x", "/a.b")
HOSTS = ("localhost", "api.example.org", "x.api.example.org", "example.org", "example.org:8000", "API.example.org")
VALUES = ("1", "12", "2", "v1, v2")

header_matches = st.builds(
    HeaderMatch,
    name=st.sampled_from(("x-one", "X-Two", "accept")),
    kind=st.sampled_from(("exact", "prefix", "contains", "present", "regex")),
    value=st.sampled_from(VALUES),
    is_inverted=st.booleans(),
)
places = st.one_of(
    st.tuples(st.sampled_from(("prefix", "exact")), st.sampled_from(PATHS)),
    st.tuples(st.just("regex"), st.sampled_from(("/a.*", "/(a|v1)/[a-z]", "/v[12]/x", "/a\\.b", ".*"))),
)
routes = st.builds(
    lambda place, hosts, methods, headers: {
        "match": place[0],
        "path": place[1],
        "hosts": hosts,
        "methods": methods,
        "headers": headers,
    },
    places,
    st.lists(
        st.sampled_from(("localhost", "api.example.org", "*.example.org", "example.org")), max_size=2, unique=True
    ),
    st.lists(st.sampled_from(METHODS), max_size=2, unique=True),
    st.lists(header_matches, max_size=2),
)
requests = st.builds(
    Request,
    method=st.sampled_from(METHODS),
    host=st.sampled_from(HOSTS),
    path=st.builds(lambda path, query: path + query, st.sampled_from(PATHS), st.sampled_from(("", "?a=/v1/x"))),
    headers=st.dictionaries(
        st.sampled_from(("x-one", "x-two", "accept", "x_one")), st.sampled_from(VALUES), max_size=3
    ),
)


@pytest.mark.slow
def test_the_preview_says_what_envoy_does(opened):
    door = opened(Gateway(routes=[REST]))

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.lists(routes, min_size=1, max_size=8), st.lists(requests, min_size=1, max_size=12))
    def agree(wanted: list[dict], asked: list[Request]) -> None:
        # Which one took a request, its answer tells.
        table = [
            Route(name=f"r{index}", upstream="demo/shop", deprecation=Deprecation(since_s=index), **each)
            for index, each in enumerate(wanted)
        ]
        door.publish(Gateway(routes=table))
        for request in asked:
            headers = {"accept": "", **request.headers, "host": request.host}
            if "accept" not in request.headers:
                del headers["accept"]
            sent = client.build_request(request.method, request.path, headers=headers)
            if "accept" not in request.headers:
                del sent.headers["accept"]
            answer = client.send(sent)
            expected = route_for(table, request)
            took = answer.headers.get("deprecation", "@-1")
            assert took == (f"@{table.index(expected)}" if expected else "@-1"), (request, table)
            assert answer.status_code == (200 if expected else 404)

    with door.client() as client:
        agree()


def test_what_is_done_to_requests_and_answers_on_the_way(opened):
    cors = Cors(
        origins=("https://pages.example.org",), methods=("GET", "PUT"), headers=("x-api-key",), exposed=("etag",)
    )
    old = Deprecation(since_s=1_767_225_600, sunset="Fri, 01 Jan 2027 00:00:00 GMT", successor="/v2")
    door = opened(
        Gateway(
            security_headers=[("x-frame-options", "DENY"), ("x-rate", "100% %REQ(x)%")],
            routes=[
                Route(name="v1", upstream="demo/shop", path="/v1/", rewrite="/", deprecation=old),
                Route(name="v2", upstream="demo/shop", version="v2", path="/v2/", rewrite="/"),
                Route(name="regex", upstream="demo/shop", match="regex", path="/items/([0-9]+)/(.*)", rewrite=r"/\2?id=\1"),
                Route(name="cors", upstream="demo/shop", path="/cors", cors=cors, has_security_headers=True),
                Route(name="small", upstream="demo/shop", path="/small", body_limit_bytes=100, is_compressed=True),
                Route(name="gone", upstream="demo/gone", path="/gone", has_security_headers=True),
                REST,
            ],
        )
    )  # fmt: skip
    with door.client() as client:
        first, second = client.get("/v1/x"), client.get("/v2/x")
        assert (first.headers["x-server"], first.json()["path"]) == ("shop", "/x")
        assert (second.headers["x-server"], second.json()["path"]) == ("shop-v2", "/x")
        assert (first.headers["deprecation"], first.headers["sunset"]) == (
            "@1767225600",
            "Fri, 01 Jan 2027 00:00:00 GMT",
        )
        assert first.headers["link"] == '</v2>; rel="successor-version"'
        assert "deprecation" not in second.headers
        assert client.get("/items/7/name").json()["path"] == "/name?id=7"
        preflight = {"origin": "https://pages.example.org", "access-control-request-method": "PUT"}
        allowed = client.options("/cors", headers=preflight)
        assert allowed.headers["access-control-allow-methods"] == "GET, PUT"
        assert (
            "access-control-allow-origin"
            not in client.options("/cors", headers={**preflight, "origin": "https://x.org"}).headers
        )
        answer = client.get("/cors", headers={"origin": "https://pages.example.org"})
        assert answer.headers["access-control-allow-origin"] == "https://pages.example.org"
        assert (answer.headers["x-frame-options"], answer.headers["x-rate"]) == ("DENY", "100% %REQ(x)%")
        opened.shop.answer = lambda seen: (200, {"x-frame-options": "SAMEORIGIN"}, b"")
        assert client.get("/cors").headers.get_list("x-frame-options") == ["SAMEORIGIN"]
        large = client.post("/small", content=b"x" * 101)
        assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
        assert client.post("/small", content=b"x" * 100).status_code == 200
        opened.shop.answer = lambda seen: (
            200,
            {"content-type": "application/json", "etag": '"1"'},
            json.dumps("x" * 3_000).encode(),
        )
        packed = client.send(client.build_request("GET", "/small"), stream=True)
        raw = b"".join(packed.iter_raw())
        assert (packed.headers["content-encoding"], packed.headers["etag"]) == ("gzip", 'W/"1"')
        assert (len(raw) < 300, json.loads(gzip.decompress(raw))) == (True, "x" * 3_000)
        assert "content-encoding" not in client.get("/cors").headers
        gone = client.get("/gone")
        assert (gone.status_code, gone.json()["code"]) == (503, "upstream_unavailable")
        assert gone.headers["x-frame-options"] == "DENY"


def test_a_split_follows_its_weights(opened):
    parts = (Backend(service="demo/shop", weight=80), Backend(service="demo/shop", version="v2", weight=20))
    door = opened(Gateway(routes=[Route(name="split", upstream="demo/shop", split=parts), REST]))
    with door.client() as client:
        taken = [client.get("/").headers["x-server"] for _ in range(1_500)]
    # Five standard deviations of a fair draw.
    assert abs(taken.count("shop-v2") / 1_500 - 0.2) < 0.052


@pytest.mark.django_db
def test_the_platforms_own_routes_do_what_its_front_door_always_did(opened):
    assert services.ensure_default_routes(now=clock.now()) == 6
    assert services.ensure_default_routes(now=clock.now()) == 0
    table = selectors.gateway().routes
    streams = [Request(path=f"{prefix}markets") for prefix in WEBSOCKET_PREFIXES] + [
        Request(path=path) for path in EVENT_STREAM_PATHS
    ]
    streams.append(Request(path="/api/v1/anything", headers={"Accept": "text/event-stream, */*"}))
    assert all(route_for(table, each).upstream == "platform/realtime" for each in streams)
    assert all(route_for(table, each).is_open_ended for each in streams)
    ordinary = route_for(table, Request(method="POST", path="/api/v1/orders"))
    assert (ordinary.upstream, ordinary.retries, ordinary.retry_on) == (
        "platform/web",
        2,
        "connect-failure,refused-stream",
    )
    door = opened(selectors.gateway())
    with door.client() as client:
        headers = client.get("/x", headers={"x_y": "dropped", "x-forwarded-for": "192.0.2.9"}).json()["headers"]
        assert "x_y" not in headers
        assert headers["x-forwarded-for"].startswith("192.0.2.9,")
        trace = client.get("/x", headers={"x-request-id": "mine"}).headers["x-request-id"]
        assert trace not in {"mine", ""}
        client.get("/x", headers={"x-correlation-id": "mine"})
        assert opened.web.seen[-1].headers["x-correlation-id"] == "mine"
        opened.web.stop()
        answer = client.get("/x")
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "starting", "2")
        assert answer.headers["content-type"] == "application/problem+json"
        opened.web.start()

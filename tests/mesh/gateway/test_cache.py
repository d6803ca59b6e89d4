"""The cache of a real Envoy: hits, expiry, bounds; and never on a route that asks who is calling."""

import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mesh.gateway.spec import Cache, Gateway, Provider, Route

CACHED = Route(name="cached", upstream="demo/shop", path="/c", methods=("GET", "HEAD"), cache_s=2)
GUARDED = Route(name="guarded", upstream="demo/shop", path="/g", authentication="guard", cache_s=60)
GUARD = Provider(name="guard", kind="custom", service="demo/guard")
GATEWAY = Gateway(routes=[CACHED, GUARDED, Route(name="rest", upstream="platform/web")], providers=[GUARD])


def wait_until(true, patience_s=5.0):
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_answer_is_kept_until_it_is_stale(opened):
    door = opened(GATEWAY)
    with door.client() as client:
        client.get("/c?a=1")
        wait_until(lambda: "age" in client.get("/c?a=1").headers)
        asked = len(opened.shop.seen)
        hit = client.get(
            "/c?a=1", headers={"cookie": "session=mine", "authorization": "Bearer mine", "cache-control": "no-cache"}
        )
        assert (len(opened.shop.seen), hit.json()["path"]) == (asked, "/c?a=1")
        client.get("/c?a=2")
        assert len(opened.shop.seen) == asked + 1
        assert not any({"cookie", "authorization"} & set(seen.headers) for seen in opened.shop.seen)
        time.sleep(3.1)
        asked = len(opened.shop.seen)
        client.get("/c?a=1")
        assert len(opened.shop.seen) == asked + 1
        assert door.logged(hit.headers["x-request-id"])["details"] == "cache.response_from_cache_filter"


def test_what_the_service_wants_to_keep_private_is_not_kept(opened):
    door = opened(GATEWAY)
    for told in ({"cache-control": "private"}, {"cache-control": "no-store"}, {"vary": "x-user"}):
        opened.shop.answer = lambda seen, told=told: (200, told, b"mine")
        with door.client() as client:
            asked = len(opened.shop.seen)
            for _ in range(3):
                assert "age" not in client.get("/c/private").headers
                time.sleep(0.05)
            assert len(opened.shop.seen) == asked + 3
    opened.shop.answer = lambda seen: (200, {"set-cookie": "session=yours"}, b"")
    with door.client() as client:
        assert "set-cookie" not in client.get("/c/cookie").headers


def test_a_route_that_authenticates_is_never_cached(opened):
    door = opened(GATEWAY)
    with door.client() as client:
        for person in ("ann", "bob", "ann"):
            proved = {"authorization": "Identity " + json.dumps({"x-om-user": person})}
            answer = client.get("/g", headers=proved)
            assert answer.json()["headers"]["x-om-user"] == person
            assert "age" not in answer.headers
        assert client.get("/g").status_code == 401
    assert len(opened.shop.seen) == 3


def test_the_store_is_bounded(opened):
    door = opened(replace(GATEWAY, cache=Cache(max_entries=20, max_bytes=1_048_576)))
    folder = Path(door.folder) / "cache" / "responses"

    def held() -> tuple[int, int]:
        sizes = []
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # it was evicted meanwhile
                sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)

    with door.client() as client:
        for number in range(60):
            client.get(f"/c/{number}")
        wait_until(lambda: 0 < held()[0] <= 20, 15)
        opened.shop.answer = lambda seen: (200, {}, b"x" * 200_000)
        for number in range(15):
            client.get(f"/c/large/{number}")
        wait_until(lambda: 0 < held()[1] <= 1_048_576, 15)

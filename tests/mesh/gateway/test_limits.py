"""Rate limits of a real Envoy: counted exactly, per caller, and untouched by changes of routes."""

import json
import time
from dataclasses import replace

import pytest

from mesh.gateway.spec import UNITS, Gateway, Limit, Provider, Route
from mesh.gateway.usage import counted

GUARDED = Route(name="guarded", upstream="demo/shop", path="/g", authentication="guard")
OPEN = Route(name="open", upstream="demo/shop", path="/o")
OTHER = Route(name="other", upstream="demo/shop", path="/x")
REST = Route(name="rest", upstream="platform/web")
GUARD = Provider(name="guard", kind="custom", service="demo/guard")


def gateway(*limits: Limit) -> Gateway:
    return Gateway(routes=[GUARDED, OPEN, OTHER, REST], limits=limits, providers=[GUARD])


def identity(**headers: str) -> dict[str, str]:
    return {"authorization": f"Identity {json.dumps({f'x-om-{name}': value for name, value in headers.items()})}"}


def admitted(client, path, times, headers=None) -> int:
    statuses = [client.get(path, headers=headers).status_code for _ in range(times)]
    assert set(statuses) <= {200, 429}
    return statuses.count(200)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scope", "path", "headers", "others"),
    [
        ("ip", "/o", {}, None),
        ("user", "/g", identity(user="ann"), identity(user="bob")),
        ("key", "/g", identity(user="ann", key="k1"), identity(user="ann", key="k2")),
        ("tenant", "/g", identity(user="ann", organization="o1"), identity(user="ann", organization="o2")),
        ("endpoint", "/o", {}, None),
    ],
)
def test_as_many_as_the_limit_says_are_admitted_and_no_more(opened, scope, path, headers, others):
    limit = Limit(name="limit", scope=scope, unit="hour", requests=1_000)
    door = opened(gateway(limit))
    with door.client() as client, door.client("127.0.0.2") as elsewhere:
        begun = time.monotonic()
        count = admitted(client, path, 1_050, headers)
        # A bucket refills continuously: what came back meanwhile is admitted rightly.
        most = 1_000 + 1_000 / 3_600 * (time.monotonic() - begun)
        assert 1_000 <= count <= most + 1
        assert client.get(path, headers=headers).status_code == 429
        assert client.get("/x").status_code == (429 if scope == "ip" else 200)
        if scope == "ip":
            assert elsewhere.get(path).status_code == 200
        elif scope == "endpoint":
            assert elsewhere.get(path).status_code == 429
        else:
            assert client.get(path, headers=others).status_code == 200


def test_over_a_longer_time_the_rate_is_kept(opened):
    door = opened(gateway(Limit(name="limit", scope="ip", unit="second", requests=500)))

    def asked() -> tuple[bool, float, float]:
        before = time.monotonic()
        is_admitted = client.get("/o").status_code == 200
        return is_admitted, before, time.monotonic()

    # From one refusal to another, for the bucket is empty at both: what passed between them is what refilled.
    with door.client() as client:
        while (first := asked())[0]:
            pass
        count = 0
        while True:
            last = asked()
            count += last[0]
            if not last[0] and last[1] - first[2] > 2:
                break
    assert 500 * (last[1] - first[2]) * 0.999 - 1 <= count <= 500 * (last[2] - first[1]) * 1.001 + 1


def test_many_clients_do_not_evict_one_another(opened):
    door = opened(gateway(Limit(name="each", scope="user", unit="hour", requests=5)))
    people = [identity(user=f"user-{number}") for number in range(60)]
    with door.client() as client:
        answers = {index: [] for index in range(60)}
        for _ in range(6):
            for index, person in enumerate(people):
                answers[index].append(client.get("/g", headers=person).status_code)
    assert all(statuses == [200] * 5 + [429] for statuses in answers.values())


def test_publishing_routes_starts_no_counter_anew(opened):
    limits = [
        Limit(name="ip", scope="ip", unit="hour", requests=10),
        Limit(name="all", scope="endpoint", unit="day", requests=50),
    ]
    door = opened(gateway(*limits))
    with door.client() as client:
        assert admitted(client, "/o", 6) == 6
        for number in range(3):
            more = Route(name=f"more-{number}", upstream="demo/shop", path=f"/more-{number}")
            door.publish(replace(door.gateway, routes=[more, *door.gateway.routes]))
            assert client.get("/more-0").status_code == 200
        assert admitted(client, "/o", 6) == 1
        # A limit of another unit leaves this one's counters alone too.
        extra = Limit(name="extra", scope="ip", unit="minute", requests=1_000)
        door.publish(
            replace(
                door.gateway,
                limits=[*limits, extra],
                routes=[*door.gateway.routes, replace(OTHER, name="z", path="/z")],
            )
        )
        assert client.get("/o").status_code == 429


def test_a_refusal_says_how_long_to_wait_in_the_formats_of_the_interface(opened):
    limits = [
        Limit(name="minute", scope="ip", unit="minute", requests=2, route="open"),
        Limit(name="hour", scope="ip", unit="hour", requests=100, route="open"),
    ]
    door = opened(gateway(*limits))
    with door.client() as client:
        first = client.get("/o")
        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("2", "1")
        assert first.headers["ratelimit-policy"] == "2;w=60, 100;w=3600"
        client.get("/o")
        refused = client.get("/o")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        problem = refused.json()
        assert (problem["code"], problem["status"], problem["instance"]) == ("rate_limited", 429, "/o")
        assert problem["correlation_id"] == refused.headers["x-request-id"]
        assert 0 < int(refused.headers["retry-after"]) <= 30
        assert "ratelimit-limit" not in client.get("/x").headers
    by_unit = {each.unit: (each.admitted, each.refused) for each in counted(door.stats("http_local_rate_limit"))}
    assert list(by_unit) == list(UNITS)
    assert by_unit["minute"] == (3, 1)
    assert door.logged(problem["correlation_id"])["limited_by"] == "minute"

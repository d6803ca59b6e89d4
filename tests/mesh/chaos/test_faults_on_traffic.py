"""Each failure mode strikes real requests through a real Envoy in the share that was asked for, and nobody else's."""

import socket
import subprocess
import time
from math import sqrt
from statistics import median

import psycopg
import pytest
import redis
from django.db import connection

from mesh.chaos.doors import Door
from mesh.dataplane.spec import Endpoint, Fault
from opinion_market.platform.binaries import redis_server
from tests.mesh.chaos.plane import Plane, Upstream

REQUESTS = 320
CALM, LATENCY, ABORT, RESET, SEVERAL, SLOW, ONE = (
    f"test/{name}" for name in ("calm", "latency", "abort", "reset", "several", "slow", "one")
)
EXPERIMENT = "e"
FAULTS = [
    Fault(experiment=EXPERIMENT, kind="delay", service=LATENCY, percent=30, delay_ms=400),
    Fault(experiment=EXPERIMENT, kind="abort", service=ABORT, percent=12.5, status=429),
    Fault(experiment=EXPERIMENT, kind="reset", service=RESET, percent=25, header="x-tester", value="ann"),
    Fault(experiment=EXPERIMENT, kind="abort", service=SEVERAL, percent=100, status=418, header="x-tester"),
    Fault(experiment=EXPERIMENT, kind="delay", service=SEVERAL, percent=100, delay_ms=150, header="x-tester"),
    Fault(experiment=EXPERIMENT, kind="abort", service=SEVERAL, percent=40, status=504),
    Fault(experiment=EXPERIMENT, kind="bandwidth", service=SLOW, percent=100, kib_per_s=100),
]


def within_five_sigma(hits, percent, count=REQUESTS):
    """Whether a share this far from the one asked for comes about by chance less than once in a million."""
    share = percent / 100
    return abs(hits - count * share) <= 5 * sqrt(count * share * (1 - share))


@pytest.fixture(scope="module")
def upstreams():
    found = [Upstream("first"), Upstream("second")]
    yield found
    for each in found:
        each.close()


@pytest.fixture(scope="module")
def plane(upstreams):
    both = [each.endpoint for each in upstreams]
    found = Plane(dict.fromkeys((CALM, LATENCY, ABORT, RESET, SEVERAL, SLOW, ONE), both))
    found.publish(
        [*FAULTS, Fault(experiment=EXPERIMENT, kind="unhealthy", service=ONE, instance=f"127.0.0.1:{both[0].port}")]
    )
    yield found
    found.close()


def statuses(answers):
    return [status for status, _ in answers]


def test_a_service_without_faults_is_not_struck(plane):
    assert set(statuses(plane.many(CALM, 200))) == {200}


def test_latency_strikes_its_share(plane):
    answers = plane.many(LATENCY, REQUESTS, at_once=60)
    assert set(statuses(answers)) == {200}
    late = sum(seconds >= 0.4 for _, seconds in answers)
    assert within_five_sigma(late, 30)


def test_aborts_answer_their_status_in_their_share(plane):
    found = statuses(plane.many(ABORT, REQUESTS))
    assert set(found) == {200, 429}
    assert within_five_sigma(found.count(429), 12.5)


def test_resets_strike_their_share_of_those_with_the_header_alone(plane):
    found = statuses(plane.many(RESET, REQUESTS, headers={"x-tester": "ann"}))
    assert within_five_sigma(found.count(503), 25)
    assert found.count(200) + found.count(503) == REQUESTS
    assert set(statuses(plane.many(RESET, 100, headers={"x-tester": "bob"}))) == {200}


def test_a_reset_is_seen_as_an_upstream_that_closed_its_connection(plane):
    with plane.client(headers={"x-tester": "ann", "host": "reset.test"}) as client:
        answers = [client.get("http://reset.test/") for _ in range(60)]
    broken = [each.text for each in answers if each.status_code == 503]
    assert broken
    assert all("connection termination" in text for text in broken)


def test_several_faults_on_one_service_combine(plane):
    marked = plane.many(SEVERAL, 40, headers={"x-tester": "1"})
    assert set(statuses(marked)) == {418}
    plain = statuses(plane.many(SEVERAL, REQUESTS))
    assert set(plain) == {200, 504}
    assert within_five_sigma(plain.count(504), 40)


def test_bandwidth_is_what_was_asked_for(plane):
    size = 100 * 1024
    begun = time.monotonic()
    with plane.client() as client:
        assert len(client.get("http://slow.test/", headers={"x-size": str(size)}).content) == size
        assert 0.7 < time.monotonic() - begun < 2.5
        begun = time.monotonic()
        client.get("http://calm.test/", headers={"x-size": str(size)})
        assert time.monotonic() - begun < 0.5


def test_an_unhealthy_instance_gets_no_request(plane):
    with plane.client() as client:
        assert {client.get("http://one.test/").text for _ in range(20)} == {"second"}
        assert {client.get("http://calm.test/").text for _ in range(20)} == {"first", "second"}


def test_nothing_remains_once_the_faults_are_gone(plane):
    before = plane.published
    plane.publish([])
    for key in (LATENCY, ABORT, SEVERAL, SLOW):
        answers = plane.many(key, 40, headers={"x-tester": "ann"}, at_once=4)
        assert set(statuses(answers)) == {200}
        assert median(seconds for _, seconds in answers) < 0.15
    assert set(statuses(plane.many(RESET, 60, headers={"x-tester": "ann"}))) == {200}
    plane.publish(before)


def seconds_of(call):
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


@pytest.fixture
def cache(tmp_path):
    """A Redis of the test's own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(redis_server()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield Endpoint(address="127.0.0.1", port=port)
    process.kill()
    process.wait()


def test_what_is_sent_to_redis_and_postgresql_waits_on_connections_that_are_open_already(cache, db):
    address = connection.settings_dict
    folder, port = address["HOST"], int(address["PORT"] or 5432)
    database = Endpoint(address=folder, port=port)
    if folder.startswith("/"):
        database = Endpoint(socket=f"../..{folder}/.s.PGSQL.{port}", node="n")
    doors = [Door(key="test/cache", endpoints=[cache], is_redis=True), Door(key="test/database", endpoints=[database])]
    plane = Plane({}, doors)
    try:
        check_doors(plane, doors, address)
    finally:
        plane.close()


def check_doors(plane, doors, address):
    sockets = {"host": str(plane.folder), "port": doors[1].socket.rpartition(".")[2]}
    login = {"user": address["USER"], "password": address["PASSWORD"], "dbname": address["NAME"]}
    cached = redis.Redis(unix_socket_path=str(plane.folder / "test.cache.sock"), protocol=2)
    with psycopg.connect(**sockets, **login, autocommit=True) as through:

        def ask():
            assert through.execute("SELECT 6 * 7").fetchone() == (42,)

        cached.set("key", "value")
        ask()
        plane.publish([
            Fault(experiment=EXPERIMENT, kind="tcp_delay", service="test/cache", percent=40, delay_ms=30),
            Fault(experiment=EXPERIMENT, kind="tcp_delay", service="test/database", delay_ms=120),
        ])  # fmt: skip
        late = sum(seconds_of(lambda: cached.get("key")) >= 0.03 for _ in range(100))
        assert within_five_sigma(late, 40, 100)
        assert min(seconds_of(ask) for _ in range(3)) >= 0.12
        with psycopg.connect(**sockets, **login) as another:  # a sign-in is several messages
            assert seconds_of(lambda: another.execute("SELECT 1")) >= 0.12
        plane.publish([])
        assert median(seconds_of(lambda: cached.get("key")) for _ in range(30)) < 0.025
        assert median(seconds_of(ask) for _ in range(10)) < 0.1
    cached.close()

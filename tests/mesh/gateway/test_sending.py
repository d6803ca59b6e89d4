"""A request sent through the real front door is found by one trace id: in its answer, at the service, and in the log."""

import json
import threading

import pytest
from django.db import connections

from mesh.gateway import request_log
from mesh.gateway.errors import FrontDoorUnreachable
from mesh.gateway.sending import send
from mesh.gateway.signing import log_token
from mesh.gateway.spec import Gateway, Logging, Route
from opinion_market.kernel.errors import NotPermitted
from tests.governance.people import a_member, a_user, an_organization, calling_as
from tests.mesh.gateway.envoy import free_port


@pytest.fixture
def tailed(opened, committed_db):
    """A front door that logs nothing ordinary, and what reads its log into the table as it grows."""
    routes = [Route(name="rest", upstream="demo/shop"), Route(name="failing", upstream="demo/shop", path="/never")]
    door = opened(Gateway(routes=routes, logging=Logging(share_ppm=0, slow_ms=60_000, token=log_token())))
    ended, read = threading.Event(), 0

    def tail() -> None:
        nonlocal read
        while not ended.wait(0.05):
            lines = [json.dumps(line) for line in door.log()]
            read += request_log.record(lines[read:], node="tests")
        connections.close_all()

    thread = threading.Thread(target=tail)
    thread.start()
    yield door
    ended.set()
    thread.join()


def test_one_trace_id_everywhere(opened, tailed, settings):
    settings.MESH_PORT = tailed.port
    api = calling_as(a_user(superuser=True))
    described = {
        "method": "POST",
        "path": "/a?b=secret",
        "headers": {"X-One": "1"},
        "body": "hello",
        "host": "api.example.org",
    }
    answer = api.post("/api/v1/api-gateway/requests", described)
    assert answer.status_code == 200, answer.content
    sent = json.loads(answer.content)
    assert (sent["status"], json.loads(sent["body"])["size"]) == (200, 5)
    trace = sent["trace_id"]
    assert dict(sent["headers"])["x-request-id"] == trace
    assert (sent["log"]["trace_id"], sent["log"]["route"], sent["log"]["path"]) == (trace, "rest", "/a")
    [seen] = opened.shop.seen
    assert (seen.headers["x-request-id"], seen.headers["x-correlation-id"], seen.headers["x-one"]) == (
        trace,
        trace,
        "1",
    )
    assert (seen.headers["host"], seen.path) == ("api.example.org", "/a?b=secret")
    assert "secret" not in json.dumps(tailed.log())
    found = json.loads(api.get(f"/api/v1/api-gateway/requests?trace_id={trace}").content)["results"]
    assert [each["trace_id"] for each in found] == [trace]
    with tailed.client() as stranger:
        stranger.get("/ordinary")
        opened.shop.answer = lambda seen: (500, {}, b"")
        failed = stranger.get("/fails").headers["x-request-id"]
    assert tailed.logged(failed)["status"] == 500
    assert [line["path"] for line in tailed.log()] == ["/a", "/fails"]


@pytest.mark.django_db
def test_what_no_request_can_be_is_refused_and_nobody_else_may_send(settings):
    settings.MESH_PORT = free_port()
    api = calling_as(a_user(superuser=True))
    for wrong in ({"path": "a"}, {"path": "/a\nb"}, {"method": "G T"}, {"headers": {"a b": "x"}}, {"headers": {"Host": "x"}},
                  {"headers": {"content-length": "5"}}):  # fmt: skip
        assert api.post("/api/v1/api-gateway/requests", wrong).status_code == 422
    with pytest.raises(FrontDoorUnreachable):
        send(caller=a_user(superuser=True), method="GET", path="/", headers={})
    with pytest.raises(NotPermitted):
        send(caller=a_member(an_organization(), "admin"), method="GET", path="/", headers={})

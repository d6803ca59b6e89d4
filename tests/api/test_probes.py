"""What load balancers, orchestrators and newcomers ask first."""

import pytest
from django.db import DatabaseError
from redis.exceptions import ConnectionError as RedisUnreachable
from rest_framework.test import APIClient

from opinion_market.api import health


def test_liveness_asks_nobody():
    # No database fixture: a query would fail this test.
    assert APIClient().get("/health").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_when_database_redis_and_schema_are():
    response = APIClient().get("/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


class Down:
    def __init__(self, error):
        self.error = error

    def cursor(self):
        raise self.error

    def get(self, key):
        raise self.error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "error", "failed"),
    [
        ("connection", DatabaseError("secret host"), "database"),
        ("redis_cache", RedisUnreachable("secret host"), "redis"),
    ],
)
def test_not_ready_names_what_fails_and_no_more(monkeypatch, name, error, failed):
    monkeypatch.setattr(health, name, Down(error))
    response = APIClient().get("/ready")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["data"]) == ("not_ready", {"failed": [failed]})
    assert "secret" not in response.content.decode()


def test_info_tells_the_version_and_what_is_really_installed():
    document = APIClient().get("/info").json()
    assert document["product"] == "Opinion Market"
    assert document["version"]
    assert {"identity", "organizations", "access", "audit"} <= set(document["capabilities"]["governance"])
    assert "markets" in document["capabilities"]


def test_probes_are_read_only_and_need_no_exact_slash():
    assert APIClient().post("/health").status_code == 405
    assert APIClient().get("/health/").status_code == 200


@pytest.mark.django_db
def test_the_front_page_is_the_list_of_markets():
    response = APIClient().get("/")
    assert (response.status_code, "<h1>Markets</h1>" in response.text) == (200, True)


def test_the_documentation_loads_nothing_from_elsewhere():
    page = APIClient().get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.content.decode()
    assert "<script>" not in page.content.decode()
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = APIClient().get("/docs?script=")
    assert "/docs/schema" in script.content.decode()


def test_the_schema_tells_how_operations_fail_and_who_may_call():
    document = APIClient().get("/docs/schema").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"apiKey", "bearer", "session"}
    for address, operations in document["paths"].items():
        for operation in operations.values():
            assert {"400", "422"} <= set(operation["responses"]), address

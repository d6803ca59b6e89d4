"""What an operator is answered is what the OpenAPI document says. (The contract tests' callers do not run the platform.)"""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from governance.identity import services as identity
from mesh.client.models import ServiceCall
from mesh.dataplane.models import ConfigSnapshot, Node
from mesh.registry.models import Service
from opinion_market.wsgi import application
from tests.api_markets.test_documentation import SNAPSHOT
from tests.contract.test_schema_conformance import CHECKS
from tests.mesh.registry.test_overview import call, change

pytestmark = pytest.mark.django_db

document = schemathesis.openapi.from_dict(json.loads(SNAPSHOT.read_text()))
document.app = application

READS = [
    "status", "dashboard", "graph", "calls", "mesh", "services", "services/{service_name}",
    "services/{service_name}/instances", "services/{service_name}/health", "instances", "instances/{instance_id}",
]  # fmt: skip


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests end without closing the test's own connection, as they do for Django's test client."""
    signals = (request_started, request_finished)
    for each in signals:
        each.disconnect(close_old_connections)
    yield
    for each in signals:
        each.connect(close_old_connections)


@pytest.mark.parametrize("path", READS)
def test_every_reading_endpoint_answers_as_documented(yard, now, path, one_connection):
    made = yard.register(lease_s=60, metadata={"zone": "a"})
    service = Service.objects.get(pk=yard.service("quotes").pk)
    change(service, "open", now)
    ServiceCall.objects.bulk_create([call(now, caller="robot")])
    snapshot = ConfigSnapshot.objects.create(cause="start", made_at=now, digest="", resources="{}", rows="{}")
    Node.objects.create(name="here", first_seen_at=now, last_seen_at=now, snapshot=snapshot)
    _, key = identity.create_api_key(actor=yard.operator.user, name=str(uuid4()), scope="admin", now=now)
    operation = document[f"/api/v1/microservices/{path}"]["GET"]
    given = {"service_name": "quotes", "instance_id": made["id"]}
    case = operation.Case(
        path_parameters={name: value for name, value in given.items() if f"{{{name}}}" in path},
        query={} if path in {"mesh", "calls", "status", "dashboard"} or "{instance" in path else {"mesh": "yard"},
    )
    headers = {"X-API-Key": key}
    response = case.call(headers=headers)
    assert response.status_code == 200
    case.validate_response(response, checks=CHECKS, headers=headers)

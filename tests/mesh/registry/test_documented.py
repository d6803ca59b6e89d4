"""What an operator is answered is what the OpenAPI document says. (The contract tests' callers do not run the platform.)"""

import json

import pytest
import requests
import schemathesis
from schemathesis import Response

from mesh.client.models import ServiceCall
from mesh.dataplane.models import ConfigSnapshot, Node
from tests.api_markets.test_documentation import SNAPSHOT
from tests.mesh.registry.test_overview import call, change

pytestmark = pytest.mark.django_db

document = schemathesis.openapi.from_dict(json.loads(SNAPSHOT.read_text()))

READS = [
    "status", "dashboard", "graph", "calls", "mesh", "services", "services/{service_name}",
    "services/{service_name}/instances", "services/{service_name}/health", "instances", "instances/{instance_id}",
]  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_every_reading_endpoint_answers_as_documented(yard, now, path):
    made = yard.register(lease_s=60, metadata={"zone": "a"})
    change(yard.service("quotes"), "open", now)
    ServiceCall.objects.bulk_create([call(now, caller="robot")])
    snapshot = ConfigSnapshot.objects.create(cause="start", made_at=now, digest="", resources="{}", rows="{}")
    Node.objects.create(name="here", first_seen_at=now, last_seen_at=now, snapshot=snapshot)
    address = "/api/v1/microservices/" + path.format(service_name="quotes", instance_id=made["id"])
    answered = yard.operator.client.get(address, {} if path == "status" else {"mesh": "yard"})
    assert answered.status_code == 200
    document[f"/api/v1/microservices/{path}"]["GET"].validate_response(as_received(answered, address))


def as_received(answered, address: str) -> Response:
    """The answer as the checks take it."""
    return Response(
        status_code=answered.status_code,
        headers={"content-type": [answered["Content-Type"]]},
        content=answered.content,
        request=requests.Request("GET", f"http://localhost{address}").prepare(),
        elapsed=0,
        verify=False,
    )

"""Meshes, services with their policies, dependencies: who may change them, and what is refused."""

import pytest
from auditlog.models import LogEntry

from mesh.registry.models import Service
from mesh.registry.selectors import services_wanted

pytestmark = pytest.mark.django_db

BALANCING = "microservices/mesh/load-balancing"


def configured(yard, strategy=None, expected=200, **policy):
    body = {"mesh": "yard", "service": "pricing", "policy": policy, "reason": "As agreed"}
    return yard.operator.post(BALANCING, body | ({"strategy": strategy} if strategy else {}), expected)


def test_a_mesh_is_made_once(yard):
    names = [each["name"] for each in yard.operator.get("microservices/mesh")["results"]]
    assert "yard" in names
    assert yard.refused("mesh", {"name": "yard"}) == (409, "mesh_exists")
    assert yard.refused("mesh", {"name": "The Yard"}) == (422, "invalid_policy")


def test_a_policy_is_changed_in_part_and_reaches_the_data_plane(yard):
    yard.service()
    told = configured(yard, "ring_hash", hash_header="x-user", retries=3, health_check="http", health_path="/ready")
    assert told["policy"]["load_balancing"] == "ring_hash"
    assert told["policy"]["max_requests"] == 1_024
    (wanted,) = [each for each in services_wanted() if each.mesh == "yard"]
    assert (wanted.balancing, wanted.hash_header) == ("ring_hash", "x-user")
    assert wanted.retries is not None
    assert wanted.retries.count == 3
    assert wanted.health is not None
    assert (wanted.health.path, wanted.health.host) == ("/ready", "pricing")
    configured(yard, health_check="none", retries=0, outlier_errors=0)
    (wanted,) = [each for each in services_wanted() if each.mesh == "yard"]
    assert (wanted.health, wanted.retries, wanted.outliers) == (None, None, None)


def test_a_service_by_tcp_is_registered_and_not_routed(yard):
    yard.service("books", protocol="tcp")
    yard.register("books")
    assert [each.name for each in services_wanted() if each.mesh == "yard"] == []
    assert len(yard.of("books")) == 1


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"split": "weight"}, "split_version"),
        ({"split": "header", "split_version": "v2"}, "split_header"),
        ({"retry_on": "5xx,whenever"}, "retry_on"),
        ({"retry_base_ms": 300}, "retry_max_ms"),
        ({"timeout_ms": 100, "try_timeout_ms": 200}, "try_timeout_ms"),
        ({"health_timeout_ms": 40_000}, "health_timeout_ms"),
        ({"health_path": "ready"}, "health_path"),
        ({"health_path": "/a b"}, "health_path"),
        ({"hash_header": "x user"}, "hash_header"),
        ({"split_version": "V 2"}, "split_version"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_field_and_changes_nothing(yard, policy, field):
    before = Service.objects.values().get(pk=yard.service().pk)
    body = {"mesh": "yard", "service": "pricing", "policy": policy, "reason": "As agreed"}
    problem = yard.operator.post(BALANCING, body, 422)
    assert problem["code"] == "invalid_policy"
    assert list(problem["data"]["fields"]) == [field]
    assert Service.objects.values().get(pk=before["id"]) == before


@pytest.mark.parametrize("policy", [{"retries": 11}, {"retries": "2"}, {"split": "thirds"}, {"name": "other"}])
def test_a_policy_of_another_shape_is_refused(yard, policy):
    yard.service()
    body = {"mesh": "yard", "service": "pricing", "policy": policy, "reason": "As agreed"}
    assert yard.refused("mesh/load-balancing", body) == (422, "invalid_input")


def test_a_change_is_written_to_the_audit_trail_with_its_reason(yard):
    service = yard.service()
    configured(yard, "random")
    entry = LogEntry.objects.filter(object_pk=str(service.pk)).latest("id")
    assert entry.actor == yard.operator.user
    assert entry.changes["reason"] == ["", "As agreed"]
    assert "load_balancing" in entry.changes["deed"][1]


def test_what_changes_nothing_leaves_no_trace(yard):
    service = yard.service()
    count = LogEntry.objects.filter(object_pk=str(service.pk)).count()
    configured(yard, "round_robin")
    assert LogEntry.objects.filter(object_pk=str(service.pk)).count() == count


def test_services_are_found_by_type_and_by_a_part_of_their_name(yard):
    yard.service()
    yard.service("quotes", type="market_data")

    def names(**query):
        return [each["name"] for each in yard.operator.get("microservices/services", mesh="yard", **query)["results"]]

    assert names() == ["pricing", "quotes"]
    assert names(type="market_data") == ["quotes"]
    assert names(name="ric") == ["pricing"]


def test_a_service_leaves_once_its_instances_have(yard):
    made = yard.register()
    assert yard.operator.refused("delete", "microservices/services/pricing?mesh=yard") == (409, "service_in_use")
    yard.operator.delete(f"microservices/instances/{made['id']}", 204)
    yard.operator.delete("microservices/services/pricing?mesh=yard", 204)
    assert yard.operator.refused("get", "microservices/services/pricing?mesh=yard") == (404, "service_not_found")
    assert yard.operator.refused("get", "microservices/services/pricing?mesh=nowhere") == (404, "mesh_not_found")


def test_dependencies_are_declared_changed_and_withdrawn(yard):
    yard.service()
    yard.service("quotes")
    body = {"mesh": "yard", "caller": "pricing", "called": "quotes"}
    made = yard.operator.post("microservices/dependencies", body, 201)
    again = yard.operator.post("microservices/dependencies", {**body, "is_critical": False}, 201)
    assert again["id"] == made["id"]
    (edge,) = yard.operator.get("microservices/graph", mesh="yard")["dependencies"]
    assert (edge["caller"], edge["called"], edge["is_critical"], edge["traffic"]) == ("pricing", "quotes", False, None)
    assert yard.refused("dependencies", {**body, "called": "pricing"}) == (422, "invalid_dependency")
    assert yard.refused("dependencies", {**body, "called": "nobody"}) == (404, "service_not_found")
    yard.operator.delete(f"microservices/dependencies/{made['id']}", 204)
    assert yard.operator.get("microservices/graph", mesh="yard")["dependencies"] == []


READS = ["status", "dashboard", "graph", "calls", "mesh", "services", "instances", "services/x", "services/x/health"]
WRITES = ["mesh", "services", "mesh/load-balancing", "instances/bulk", "instances/heartbeat", "dependencies"]


@pytest.mark.parametrize(("method", "path"), [*(("get", each) for each in READS), *(("post", each) for each in WRITES)])
def test_the_mesh_is_nobodys_but_the_platforms(admin, yard, method, path):
    """An admin holds `system.admin` in their organization, and still is no operator of the platform."""
    bodies = {
        "mesh": {"name": "theirs"},
        "services": {"service": "x", "type": "trading", "address": "127.0.0.1", "port": 1},
        "mesh/load-balancing": {"service": "x", "reason": "mine"},
        "instances/bulk": {"instances": [{"service": "x", "address": "127.0.0.1", "port": 1}]},
        "instances/heartbeat": {"instances": ["019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11"]},
        "dependencies": {"caller": "x", "called": "y"},
    }
    body = bodies.get(path) if method == "post" else None
    assert admin.refused(method, f"microservices/{path}", body) == (403, "permission_missing")

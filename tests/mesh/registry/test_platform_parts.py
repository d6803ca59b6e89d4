"""The platform's own parts are registered by themselves."""

from datetime import timedelta

import pytest

from mesh.client.models import ServiceCall
from mesh.registry import instances
from mesh.registry.models import Dependency, Instance, Service
from mesh.registry.platform_parts import register_platform, renew_worker
from mesh.registry.selectors import services_wanted
from tests.console.scene import client_of, page
from tests.mesh.registry.conftest import Yard
from tests.mesh.registry.test_overview import call, change

pytestmark = pytest.mark.django_db

SOCKETS = {"web": "granian.sock", "realtime": "uvicorn.sock"}


@pytest.fixture
def registered(now):
    assert register_platform(node="one", sockets=SOCKETS, now=now)


def test_registering_again_changes_nothing(registered, now):
    before = list(Instance.objects.order_by("id").values())
    assert not register_platform(node="one", sockets=SOCKETS, now=now + timedelta(hours=1))
    assert list(Instance.objects.order_by("id").values()) == before


def test_every_node_adds_its_own_servers_to_the_same_services(registered, now):
    assert register_platform(node="two", sockets=SOCKETS, now=now)
    wanted = {each.name: each for each in services_wanted() if each.mesh == "platform"}
    assert set(wanted) == {"web", "realtime"}
    assert [(each.node, each.socket) for each in wanted["web"].endpoints] == [
        ("one", "granian.sock"),
        ("two", "granian.sock"),
    ]


def test_what_the_parts_need_is_declared(registered):
    declared = {(each.caller.name, each.called.name) for each in Dependency.objects.select_related("caller", "called")}
    assert declared >= {("web", "database"), ("web", "redis"), ("realtime", "database"), ("worker", "redis")}


def test_no_credentials_are_told(now, settings):
    settings.CACHES = {"default": {"LOCATION": "redis://someone:hush@10.0.0.9:7000/0"}}
    register_platform(node="one", sockets=SOCKETS, now=now)
    redis = Instance.objects.get(service__name="redis")
    assert (redis.address, redis.port, redis.node) == ("10.0.0.9", 7000, "")
    assert "hush" not in str(Instance.objects.values())


def test_a_policy_that_people_have_changed_stays(registered, now):
    Service.objects.filter(name="web").update(retries=7)
    register_platform(node="two", sockets=SOCKETS, now=now)
    assert Service.objects.get(name="web").retries == 7


def test_a_worker_that_no_longer_works_leaves_and_comes_back_when_it_does(registered, now):
    worker = Instance.objects.filter(service__name="worker")
    assert not worker.exists()
    renew_worker(node="one", now=now)
    renew_worker(node="one", now=now + timedelta(seconds=15))
    assert instances.sweep(now=now + timedelta(seconds=30)) == 0
    assert instances.sweep(now=now + timedelta(seconds=36)) == 1
    renew_worker(node="one", now=now + timedelta(seconds=60))
    assert worker.get().lease_until == now + timedelta(seconds=80)


def test_the_platforms_own_parts_are_not_for_people_to_take_out(registered):
    yard = Yard()
    own = Instance.objects.get(service__name="web")
    path = f"microservices/instances/{own.pk}"
    assert yard.operator.refused("delete", path) == (409, "belongs_to_platform")
    assert yard.operator.refused("post", f"{path}/drain") == (409, "belongs_to_platform")
    assert yard.operator.refused("delete", "microservices/services/web") == (409, "belongs_to_platform")


def test_what_envoy_tells_of_a_socket_stands_on_the_page_of_its_instance(registered, now):
    yard = Yard()
    own = Instance.objects.select_related("service").get(service__name="web")
    made = {"mesh": "platform", "service": "web", "status": 200}
    ServiceCall.objects.bulk_create(
        [
            call(now, **made, instance="/sockets/granian.sock", node="one", path="/here"),
            call(now, **made, instance="/sockets/granian.sock", node="two", path="/there"),
        ]
    )
    change(own.service, "open", now, instance="granian.sock", node="one")
    change(own.service, "half_open", now, instance="granian.sock", node="two")
    shown = client_of(yard.operator.user).get(page("mesh_instance_change", own.pk)).content.decode()
    assert "/here" in shown
    assert "/there" not in shown
    assert "Closed → Open" in shown
    assert "Half-open" not in shown


def test_one_of_several_servers_of_a_part_may_drain(registered, now):
    register_platform(node="two", sockets=SOCKETS, now=now)
    yard = Yard()
    own = Instance.objects.get(service__name="web", node="one")
    assert yard.operator.post(f"microservices/instances/{own.pk}/drain", {}, 200)["state"] == "draining"

"""Instances register, are found, keep their leases alive, drain and leave."""

from datetime import timedelta

import pytest

from mesh.dataplane.spec import Endpoint
from mesh.registry import instances
from mesh.registry.models import Instance
from mesh.registry.selectors import services_wanted
from opinion_market.kernel import clock

pytestmark = pytest.mark.django_db


def test_the_first_instance_of_a_service_makes_it(yard):
    made = yard.register(version="v2", metadata={"zone": "a"}, lease_s=30)
    assert made["is_new"]
    assert made["state"] == "up"
    assert made["health"] == "unknown"
    (found,) = yard.of()
    assert found.items() <= made.items()
    service = yard.operator.get("microservices/services/pricing", mesh="yard")
    assert (service["type"], service["instances"], service["serving"]) == ("trading", 1, 1)
    assert service["policy"]["health_interval_ms"] == 30_000


def test_without_a_type_an_unknown_service_is_refused(yard):
    body = {"mesh": "yard", "service": "pricing", "address": "127.0.0.1", "port": 1}
    assert yard.refused("services", body) == (422, "service_type_needed")
    assert yard.operator.get("microservices/services", mesh="yard")["results"] == []


def test_registering_again_renews_and_changes_what_is_told(yard):
    first = yard.register(weight=1, lease_s=5)
    again = yard.register(weight=7, lease_s=60, expected=200)
    assert again["id"] == first["id"]
    assert not again["is_new"]
    assert (again["weight"], again["lease_s"]) == (7, 60)
    assert again["lease_until"] > first["lease_until"]
    assert len(yard.of()) == 1


def test_one_service_has_one_type(yard):
    yard.register()
    body = {"mesh": "yard", "service": "pricing", "type": "caching", "address": "127.0.0.1", "port": 2}
    assert yard.refused("services", body) == (422, "invalid_instance")


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "0.0.0.1", "224.0.0.1", "255.255.255.255", "fe80::1", "::", "::ffff:169.254.169.254", "ff02::1",
     "100.100.100.200", "fd00:ec2::254", "localhost", "10.0.0.01", "10.0.0.1/8"],
)  # fmt: skip
def test_an_address_that_callers_must_not_reach_is_refused(yard, address):
    yard.service()
    body = {"mesh": "yard", "service": "pricing", "address": address, "port": 80}
    assert yard.refused("services", body) == (422, "address_refused")
    assert yard.of() == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "2001:DB8::7", "203.0.113.5"])
def test_other_addresses_are_taken_in(yard, address):
    assert yard.register(address=address)["address"] == address.lower()


def test_two_who_register_the_same_in_different_writings_are_one(yard):
    yard.register(address="2001:db8::7")
    assert not yard.register(address="2001:0DB8:0::7", expected=200)["is_new"]


def some(number, **given):
    return [{"service": "pricing", "address": f"10.0.{i // 250}.{i % 250}", "port": 80, **given} for i in range(number)]


def test_many_are_registered_at_once_and_keep_their_order(yard):
    yard.service()
    known = yard.register(address="10.0.0.1", port=80)
    answer = yard.operator.post("microservices/instances/bulk", {"mesh": "yard", "instances": some(600)}, 200)
    assert (answer["new"], answer["renewed"], len(answer["ids"])) == (599, 1, 600)
    assert answer["ids"][1] == known["id"]
    kept = {str(each.pk): each.address for each in Instance.objects.filter(service__name="pricing")}
    assert [kept[each] for each in answer["ids"]] == [each["address"] for each in some(600)]


@pytest.mark.parametrize(
    ("spoilt", "refusal"),
    [
        ({"port": 0}, (422, "invalid_instance")),
        ({"port": True}, (422, "invalid_input")),
        ({"port": 70_000}, (422, "invalid_instance")),
        ({"weight": 129}, (422, "invalid_instance")),
        ({"lease_s": 0}, (422, "invalid_instance")),
        ({"version": "V 2"}, (422, "invalid_instance")),
        ({"metadata": {"a": "x" * 2_000}}, (422, "invalid_instance")),
        ({"metadata": {"a": 1}}, (422, "invalid_input")),
        ({"address": "169.254.169.254"}, (422, "address_refused")),
        ({"address": "10.0.0.3"}, (422, "invalid_instance")),
        ({"service": "nobody"}, (404, "service_not_found")),
        ({"nonsense": 1}, (422, "invalid_input")),
    ],
)
def test_one_bad_instance_among_many_lets_none_in(yard, spoilt, refusal):
    yard.service()
    arriving = some(5)
    arriving[4].update(spoilt)
    assert yard.refused("instances/bulk", {"mesh": "yard", "instances": arriving}) == refusal
    assert yard.of() == []


def test_a_repeated_key_registers_once(yard):
    yard.service()
    body = {"mesh": "yard", "service": "pricing", "address": "10.9.9.9", "port": 80}
    first = yard.operator.post("microservices/services", body, 201, key="once")
    assert yard.operator.post("microservices/services", body, 201, key="once") == first


def test_discovery_by_everything(yard):
    yard.register(version="v1", metadata={"zone": "a", "rack": "1"})
    canary = yard.register(port=9002, version="v2", metadata={"zone": "a"})
    yard.register("quotes", port=9003, version="v2", type="market_data")
    Instance.objects.filter(pk=canary["id"]).update(health="ejected")

    def found(**query):
        results = yard.operator.get("microservices/instances", mesh="yard", **query)["results"]
        return [each["port"] for each in results]

    assert found() == [9001, 9002, 9003]
    assert found(version="v2") == [9002, 9003]
    assert found(type="market_data") == [9003]
    assert found(service="pricing", health="ejected") == [9002]
    assert found(metadata=["zone:a"]) == [9001, 9002]
    assert found(metadata=["zone:a", "rack:1"]) == [9001]
    assert found(state="draining") == []
    assert yard.operator.refused("get", "microservices/instances?metadata=zone")[0] == 422


def test_pages_of_instances_neither_skip_nor_repeat(yard):
    yard.service()
    yard.operator.post("microservices/instances/bulk", {"mesh": "yard", "instances": some(7)}, 200)
    page = yard.operator.get("microservices/services/pricing/instances", mesh="yard", limit=3)
    seen = [each["id"] for each in page["results"]]
    while page["next"]:
        page = yard.operator.client.get(page["next"]).json()
        seen += [each["id"] for each in page["results"]]
    assert len(seen) == len(set(seen)) == 7


def test_an_instance_whose_lease_runs_out_leaves(yard, now):
    leased = yard.register(lease_s=30)
    yard.register(port=9002)
    assert instances.sweep(now=now + timedelta(seconds=20)) == 0
    assert instances.sweep(now=now + timedelta(seconds=40)) == 1
    assert [each["port"] for each in yard.of()] == [9002]
    path = f"microservices/instances/{leased['id']}/heartbeat"
    assert yard.operator.refused("post", path) == (404, "instance_not_found")


def test_a_heartbeat_lets_the_lease_run_from_then_on(yard, now):
    leased = yard.register(lease_s=30)
    renewed = instances.renew_leases(
        actor=yard.operator.user, instance_ids=[leased["id"]], now=now + timedelta(seconds=25)
    )
    assert {str(each) for each in renewed} == {leased["id"]}
    assert instances.sweep(now=now + timedelta(seconds=50)) == 0
    assert instances.sweep(now=now + timedelta(seconds=56)) == 1


def test_a_heartbeat_that_comes_too_late_renews_nothing_even_before_the_sweep(yard, now):
    leased = yard.register(lease_s=30)
    late = now + timedelta(seconds=31)
    assert not instances.renew_leases(actor=yard.operator.user, instance_ids=[leased["id"]], now=late)
    assert instances.sweep(now=late) == 1


def test_many_heartbeats_in_one_request_name_those_that_are_gone(yard):
    ids = [yard.register(port=9000 + each, lease_s=30)["id"] for each in range(3)]
    gone = "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11"
    answer = yard.operator.post("microservices/instances/heartbeat", {"instances": [*ids, gone]}, 200)
    assert answer == {"renewed": 3, "gone": [gone]}


def test_a_draining_instance_gets_no_new_requests_until_it_is_resumed(yard):
    made = yard.register()
    path = f"microservices/instances/{made['id']}"
    assert yard.operator.post(f"{path}/drain", {"reason": "New kernel"}, 200)["state"] == "draining"
    assert [each.is_draining for each in wanted(yard)] == [True]
    # Its own registration, again and again, does not end what a person began.
    yard.register(expected=200)
    assert [each.is_draining for each in wanted(yard)] == [True]
    yard.operator.post(f"{path}/resume", {"reason": "Back"}, 200)
    assert [each.is_draining for each in wanted(yard)] == [False]


def test_an_instance_that_is_taken_out_is_gone(yard):
    made = yard.register()
    yard.operator.delete(f"microservices/instances/{made['id']}", 204)
    assert yard.of() == []
    assert wanted(yard) == []
    assert yard.operator.refused("delete", f"microservices/instances/{made['id']}") == (404, "instance_not_found")


def wanted(yard) -> list[Endpoint]:
    (service,) = [each for each in services_wanted() if each.mesh == yard.mesh]
    return list(service.endpoints)


def test_what_the_data_plane_shall_know_is_in_one_order_and_without_those_who_left(yard, now):
    yard.register(address="10.0.0.2", port=80, weight=3)
    yard.register(address="10.0.0.1", port=90, lease_s=30)
    yard.register(address="10.0.0.1", port=80, version="v2")
    assert [(each.address, each.port, each.weight, each.version) for each in wanted(yard)] == [
        ("10.0.0.1", 80, 1, "v2"),
        ("10.0.0.1", 90, 1, "v1"),
        ("10.0.0.2", 80, 3, "v1"),
    ]
    (later,) = [each for each in services_wanted(now + timedelta(minutes=1)) if each.mesh == "yard"]
    assert len(later.endpoints) == 2


def test_reading_what_is_wanted_costs_the_same_however_much_there_is(yard, django_assert_num_queries):
    yard.register()
    with django_assert_num_queries(2):
        services_wanted()
    for number in range(5):
        yard.register(f"s{number}", port=80 + number)
    with django_assert_num_queries(2):
        services_wanted()


def test_controllers_are_told_once_when_instances_change_and_not_for_heartbeats(yard, monkeypatch):
    told = []
    monkeypatch.setattr(instances, "announce", lambda: told.append(1))
    made = yard.register(lease_s=30)
    assert len(told) == 1
    yard.operator.post("microservices/instances/heartbeat", {"instances": [made["id"]]}, 200)
    assert len(told) == 1
    instances.sweep(now=clock.now() + timedelta(minutes=1))
    assert len(told) == 2
    instances.sweep(now=clock.now() + timedelta(minutes=1))
    assert len(told) == 2

"""The registry's pages in the console: for superusers, with what the rows say, and deeds that ask first."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mesh.client.models import ServiceCall
from mesh.registry.models import Dependency, Instance, Service
from tests.console.scene import client_of, page
from tests.mesh.registry.test_overview import call, change

pytestmark = pytest.mark.django_db

PAGES = ["service_dashboard", "service_graph", "service_changelist", "service_new", "instance_changelist"]


@pytest.fixture
def console(yard):
    return client_of(yard.operator.user)


def body(console, name, *args, **query) -> str:
    response = console.get(page(f"mesh_{name}", *args), query)
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


@pytest.mark.parametrize("name", PAGES)
def test_pages_open_on_an_empty_platform_and_for_superusers_only(console, admin, name):
    assert body(console, name)
    assert client_of(admin.user).get(page(f"mesh_{name}")).status_code == 403


def test_pages_of_rows_are_for_superusers_only(yard, admin):
    made = yard.register()
    service = Service.objects.get(name="pricing")
    own = ["policy", "register", "depend", "remove", "change"]
    addresses = [page(f"mesh_service_{name}", service.pk) for name in own]
    addresses += [page("mesh_instance_change", made["id"]), page("mesh_instance_deed", made["id"], "drain")]
    for address in addresses:
        assert client_of(admin.user).get(address).status_code in {302, 403, 404}, address
        assert client_of(yard.operator.user).get(address).status_code == 200, address


def test_the_graph_shows_what_is_declared_and_what_is_seen(yard, console, now):
    for name in ("web", "pricing", "quotes"):
        yard.service(name)
    Dependency.objects.create(
        caller=Service.objects.get(name="web"), called=Service.objects.get(name="quotes"), created_at=now
    )
    ServiceCall.objects.bulk_create([call(now, caller="web", status=503), call(now, caller="robot")])
    shown = body(console, "service_graph", mesh="yard")
    assert "web calls quotes: declared" in shown
    assert "web calls pricing: seen, not declared; 0.0/s, 100.0% errors" in shown
    assert "robot, a caller that is no service of this mesh" in shown
    assert "mesh-edge-bad" in shown
    assert "no calls" not in shown


def test_what_is_polled_is_only_the_part_that_lives(yard, console):
    yard.register()
    service = Service.objects.get(name="pricing")
    for name, args in [("service_dashboard", ()), ("service_graph", ()), ("service_change", (service.pk,))]:
        part = console.get(page(f"mesh_{name}", *args), {"mesh": "yard"}, headers={"HX-Request": "true"})
        text = part.content.decode()
        assert text.lstrip().startswith('<div id="live"')
        assert "<html" not in text
        assert "pricing" in text or name == "service_change"


def test_the_service_page_shows_instances_breaker_and_calls(yard, console, now):
    yard.register(lease_s=60, version="v3")
    service = Service.objects.get(name="pricing")
    Instance.objects.update(health="ejected")
    change(service, "open", now, instance="127.0.0.1:9001")
    ServiceCall.objects.bulk_create([call(now, caller="web", path="/quote", status=503, flags="UO")])
    shown = body(console, "service_change", service.pk)
    for expected in ("127.0.0.1:9001", "v3", "ejected", "s left", "5 in a row", "/quote", "503 UO", "Closed → Open"):
        assert expected in shown, expected


def policy_of(console, service) -> dict[str, object]:
    form = console.get(page("mesh_service_policy", service.pk)).context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value() is not None}


def test_the_policy_form_changes_the_policy_and_keeps_the_reason(yard, console):
    service = yard.service()
    address = page("mesh_service_policy", service.pk)
    given = {**policy_of(console, service), "load_balancing": "random", "timeout_ms": 900, "reason": "Less waiting"}
    response = console.post(address, given)
    assert response.status_code == 302, response.context["form"].errors
    service.refresh_from_db()
    assert (service.load_balancing, service.timeout_ms) == ("random", 900)
    assert LogEntry.objects.filter(object_pk=str(service.pk)).latest("id").changes["reason"][1] == "Less waiting"


def test_what_makes_no_sense_stands_at_its_field(yard, console):
    service = yard.service()
    given = {**policy_of(console, service), "split": "weight", "retries": 99, "reason": "Try"}
    form = console.post(page("mesh_service_policy", service.pk), given).context["form"]
    assert set(form.errors) == {"retries"}
    form = console.post(page("mesh_service_policy", service.pk), {**given, "retries": 1}).context["form"]
    assert form.errors["split_version"] == ["Say which version the split sends to."]
    service.refresh_from_db()
    assert (service.split, service.retries) == ("none", 2)


def test_a_service_is_made_gets_an_instance_and_a_dependency_and_goes(yard, console):
    yard.service("quotes")
    new = {"mesh": "yard", "name": "fees", "type": "payments", "protocol": "http", "reason": "Wanted"}
    assert console.post(page("mesh_service_new"), new).status_code == 302
    service = Service.objects.get(name="fees")
    assert console.post(page("mesh_service_depend", service.pk), {"called": "quotes"}).status_code == 302
    instance = {"address": "10.1.1.1", "port": 80, "weight": 1, "version": "v1", "metadata": '{"zone": "a"}'}
    refused = console.post(page("mesh_service_register", service.pk), {**instance, "address": "169.254.169.254"})
    assert "metadata service" in refused.content.decode()
    assert console.post(page("mesh_service_register", service.pk), instance).status_code == 302
    made = service.instances.get()
    assert made.metadata == {"zone": "a"}
    why = {"reason": "No longer"}
    blocked = console.post(page("mesh_service_remove", service.pk), why)
    assert "still has instances" in blocked.content.decode()
    assert console.post(page("mesh_instance_deed", made.pk, "deregister"), why).status_code == 302
    withdraw = page("mesh_service_withdraw", Dependency.objects.get(caller=service).pk)
    assert console.post(withdraw).status_code == 302
    assert not Dependency.objects.filter(caller=service).exists()
    assert console.post(page("mesh_service_remove", service.pk), why).status_code == 302
    assert not Service.objects.filter(name="fees").exists()


def test_draining_asks_for_a_reason_and_is_kept_in_the_trail(yard, console):
    made = yard.register()
    address = page("mesh_instance_deed", made["id"], "drain")
    assert console.post(address, {}).status_code == 200
    assert Instance.objects.get().state == "up"
    assert console.post(address, {"reason": "New kernel"}).status_code == 302
    assert Instance.objects.get().state == "draining"
    deed = LogEntry.objects.latest("id")
    assert deed.changes["deed"][1] == "drain the instance 127.0.0.1:9001"
    assert deed.changes["reason"][1] == "New kernel"


def test_pages_cost_the_same_however_much_they_show(yard, console, now):
    def cost(name, *args) -> int:
        with CaptureQueriesContext(connection) as captured:
            body(console, name, *args, mesh="yard")
        return len(captured)

    yard.register()
    yard.register("other", port=9500)
    service = Service.objects.get(name="pricing")
    names = [("service_dashboard",), ("service_graph",), ("service_change", service.pk)]
    lists = [("service_changelist",), ("instance_changelist",)]
    change(service, "open", now, instance="127.0.0.1:9001")
    few = [cost(*each) for each in names]
    for number in range(4):
        yard.register(port=9100 + number)
        yard.register(f"s{number}", port=9200 + number)
    for number in range(4):
        at = now - timedelta(seconds=number)
        change(service, "open", at, instance=f"127.0.0.1:{9100 + number}")
        ServiceCall.objects.bulk_create([call(now, caller=f"s{number}")])
    assert [cost(*each) for each in names] == few
    assert all(client_get_ok(console, *each) for each in lists)


def client_get_ok(console, name) -> bool:
    return console.get(page(f"mesh_{name}")).status_code == 200

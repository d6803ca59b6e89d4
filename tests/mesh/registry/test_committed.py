"""What shows only between connections: controllers are told at commit, and those who register at once do not block one another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from mesh.registry import instances
from mesh.registry.arriving import NewInstance, Registered
from mesh.registry.models import Instance, Mesh, Service
from opinion_market.kernel import clock
from tests.mesh.registry.conftest import Yard

MANY = 400


@pytest.fixture
def lasting(committed_db: None) -> Iterator[Yard]:
    """A mesh of its own, gone afterwards: other tests look for services by their names alone."""
    yard = Yard(f"yard-{uuid4().hex[:12]}")
    yard.service()
    yield yard
    Instance.objects.filter(service__mesh__name=yard.mesh).delete()
    Service.objects.filter(mesh__name=yard.mesh).delete()
    Mesh.objects.filter(name=yard.mesh).delete()


def some(number: int = MANY) -> list[NewInstance]:
    return [
        NewInstance(service="pricing", address=f"10.7.{each // 250}.{each % 250}", port=80, lease_s=600)
        for each in range(number)
    ]


def register(yard: Yard, arriving: list[NewInstance]) -> Registered:
    try:
        return instances.register_instances(
            actor=yard.operator.user, mesh=yard.mesh, arriving=arriving, now=clock.now()
        )
    finally:
        connection.close()


def heard(listener: psycopg.Connection) -> int:
    """How many notifications have come; they are there as soon as the commit has returned."""
    return len(list(listener.notifies(timeout=0.3)))


def test_controllers_hear_of_thousands_of_instances_once_and_of_heartbeats_never(lasting):
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as listener:
        listener.execute(f"LISTEN {instances.CHANNEL}")
        made = register(lasting, some())
        assert heard(listener) == 1
        instances.renew_leases(actor=lasting.operator.user, instance_ids=made.ids, now=clock.now())
        assert heard(listener) == 0
        with pytest.raises(instances.InvalidInstance):
            register(lasting, [*some(3), some(1)[0]])
        assert heard(listener) == 0
        instances.deregister_instances(actor=lasting.operator.user, instance_ids=made.ids, reason="")
        assert heard(listener) == 1


def test_many_who_register_the_same_instances_in_any_order_are_all_answered(lasting):
    with ThreadPoolExecutor(4) as pool:
        orders = [some(), some()[::-1]] * 4
        found = list(pool.map(lambda arriving: register(lasting, arriving), orders))
    assert sum(each.new for each in found) == MANY
    assert sum(each.renewed for each in found) == 7 * MANY
    assert {tuple(sorted(each.ids)) for each in found} == {tuple(sorted(found[0].ids))}
    assert Instance.objects.filter(service__mesh__name=lasting.mesh).count() == MANY

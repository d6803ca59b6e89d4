"""Circuit breakers as the nodes see them: the last change tells the state, and all changes are kept.

Of several nodes the worst counts: a breaker that is open on one of them refuses requests there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from governance.access.policies import Caller
from mesh.operators import require_operator
from mesh.registry.models import CircuitChange, Instance

State = CircuitChange.State
_WORST_FIRST = (State.OPEN, State.HALF_OPEN, State.CLOSED)


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state of a service's breaker (`instance` empty) or of an instance's, and since when."""

    service_id: UUID
    instance: str
    state: str
    since: datetime
    cause: str


def name_of(instance: Instance) -> str:
    """An instance as its changes name it, which is as Envoy does: address and port, or the socket's name beside the node."""
    return instance.socket or str(instance)


def circuits(caller: Caller, service_ids: Iterable[UUID] | None = None) -> dict[tuple[UUID, str], Circuit]:
    """By (service, instance); what never changed is closed and not in it. `service_ids`: None for all."""
    require_operator(caller)
    changes = CircuitChange.objects.all()
    if service_ids is not None:
        changes = changes.filter(service__in=list(service_ids))
    last = changes.order_by("service_id", "instance", "node", "-at", "-id").distinct("service_id", "instance", "node")
    found: dict[tuple[UUID, str], Circuit] = {}
    for each in last:
        key = (each.service_id, each.instance)
        here = Circuit(each.service_id, each.instance, each.after, each.at, each.cause)
        found[key] = worst([here, *([found[key]] if key in found else [])])
    return found


def worst(several: Sequence[Circuit]) -> Circuit:
    """The one that is open rather than half-open rather than closed; of equals the latest."""
    order = {state: place for place, state in enumerate(_WORST_FIRST)}
    return min(several, key=lambda each: (order[State(each.state)], -each.since.timestamp()))


def history(caller: Caller, service_id: UUID | None = None) -> QuerySet[CircuitChange]:
    """Changes, the latest first."""
    require_operator(caller)
    changes = CircuitChange.objects.select_related("service__mesh").order_by("-id")
    return changes if service_id is None else changes.filter(service_id=service_id)

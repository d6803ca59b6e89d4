"""What is known of experiments and faults. Callers have been told operators (`mesh.operators`), except where it says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from governance.access.policies import Caller
from mesh.chaos.doors import Door
from mesh.chaos.errors import ExperimentNotFound
from mesh.chaos.fault_models import InjectedFault, KillSwitch, ResilienceScore
from mesh.chaos.models import Experiment, Run
from mesh.dataplane.spec import Endpoint, Fault
from mesh.operators import require_operator
from mesh.registry.models import Instance, Service


def active_faults(now: datetime) -> list[Fault]:
    """The faults that real traffic is to meet now, in a stable order. Not for a caller: for rendering. One query."""
    rows = InjectedFault.objects.filter(
        applied_at__isnull=False, lifted_at__isnull=True, expires_at__gt=now, kind__in=InjectedFault.OF_TRAFFIC
    )
    return [fault_of(row) for row in rows.order_by("id").select_related("run")]


def fault_of(row: InjectedFault) -> Fault:
    """A row as the data plane's plain value."""
    return Fault(
        experiment=str(row.run.experiment_id),
        kind=row.kind,
        service=row.service,
        route=row.route,
        percent=row.percent,
        delay_ms=row.amount if row.kind in {"delay", "tcp_delay"} else 0,
        status=row.amount if row.kind == "abort" else 0,
        kib_per_s=row.amount if row.kind == "bandwidth" else 0,
        instance=row.instance,
        header=row.header,
        value=row.header_value,
    )


def doors() -> list[Door]:
    """The TCP services that have an instance, as doors through Envoy. Not for a caller: for rendering. Two queries."""
    changes = _changes_of_delay()
    found: dict[str, Door] = {}
    # What is only watched (a worker, a server at an address that no other process can use) has no door.
    rows = Instance.objects.filter(service__protocol=Service.Protocol.TCP, state=Instance.State.UP).exclude(
        address__isnull=True, socket=""
    )
    for row in rows.select_related("service__mesh").order_by("service__mesh__name", "service__name", "id"):
        key = f"{row.service.mesh.name}/{row.service.name}"
        endpoint = Endpoint(address=row.address or "", port=row.port or 0, socket=row.socket, node=row.node)
        found[key] = Door(
            key=key,
            endpoints=(*(found[key].endpoints if key in found else ()), endpoint),
            is_redis=row.service.type == Service.Type.CACHING,
            connect_timeout_ms=row.service.connect_timeout_ms,
            revision=changes.get(key, 0),
        )
    sockets: dict[str, Door] = {}
    for door in found.values():  # two databases on one port: the first has the name
        sockets.setdefault(door.socket, door)
    return list(sockets.values())


def _changes_of_delay() -> dict[str, int]:
    """By TCP service, how many delays began and how many ended."""
    delays = InjectedFault.objects.filter(kind=InjectedFault.Kind.TCP_DELAY).order_by().values_list("service")
    counted = delays.annotate(begun=Count("applied_at"), ended=Count("lifted_at", filter=Q(applied_at__isnull=False)))
    return {service: begun + ended for service, begun, ended in counted}


def experiments(caller: Caller) -> QuerySet[Experiment]:
    """All experiments. Raises PermissionMissing unless the caller is an operator."""
    require_operator(caller)
    return Experiment.objects.select_related("created_by", "approved_by")


def experiment(caller: Caller, experiment_id: UUID) -> Experiment:
    """One experiment. Raises ExperimentNotFound."""
    found = experiments(caller).filter(pk=experiment_id).first()
    if found is None:
        raise ExperimentNotFound(experiment=str(experiment_id))
    return found


def last_run(found: Experiment) -> Run | None:
    """Its run now, or the last one."""
    return Run.objects.filter(experiment=found).order_by("-id").first()


def engaged_switch() -> KillSwitch | None:
    """The kill switch if it is engaged."""
    return KillSwitch.objects.filter(released_at__isnull=True).select_related("engaged_by").first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand: experiments by state, what runs, which faults are on, and the kill switch."""

    by_state: dict[str, int]
    running: Sequence[Run]
    faults: Sequence[InjectedFault]
    switch: KillSwitch | None


def standing(caller: Caller) -> Standing:
    """Four queries. Raises PermissionMissing."""
    require_operator(caller)
    counted = dict(Experiment.objects.order_by().values_list("state").annotate(Count("pk")))
    on = InjectedFault.objects.filter(applied_at__isnull=False, lifted_at__isnull=True)
    return Standing(
        by_state={state: counted.get(state, 0) for state in Experiment.State.values},
        running=list(Run.objects.filter(ended_at__isnull=True).select_related("experiment", "started_by")),
        faults=list(on.select_related("run__experiment").order_by("id")),
        switch=engaged_switch(),
    )


def current_scores(caller: Caller) -> list[ResilienceScore]:
    """Each service's score now, the lowest first. Raises PermissionMissing."""
    require_operator(caller)
    newest = ResilienceScore.objects.order_by("service", "-at", "-id").distinct("service")
    return sorted(newest.select_related("run__experiment"), key=lambda each: (each.score, each.service))


def score_history(caller: Caller, service: str, *, most: int = 100) -> list[ResilienceScore]:
    """A service's scores, newest first. Raises PermissionMissing."""
    require_operator(caller)
    return list(ResilienceScore.objects.filter(service=service).order_by("-at", "-id")[:most])

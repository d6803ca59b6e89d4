"""From an experiment's steps to the faults of one run, each with its begin and end."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from mesh.chaos.chains import callers, cascade, merged, seen_callers
from mesh.chaos.fault_models import InjectedFault
from mesh.chaos.method import Step, steps_of
from mesh.chaos.models import Experiment, Run

_KINDS = {
    "latency": "delay", "abort": "abort", "reset": "reset", "bandwidth": "bandwidth", "unhealthy": "unhealthy",
    "database_latency": "tcp_delay", "redis_latency": "tcp_delay", "kill": "kill", "cpu": "cpu", "memory": "memory",
}  # fmt: skip
_AMOUNTS = {
    "latency": "delay_ms", "abort": "status", "bandwidth": "kib_per_s", "database_latency": "delay_ms",
    "redis_latency": "delay_ms", "cpu": "percent", "memory": "mib",
}  # fmt: skip


def steps_for(experiment: Experiment) -> tuple[Step, ...]:
    """The steps as they were checked when it was written down."""
    return steps_of(json.loads(experiment.method))


def planned(run: Run, experiment: Experiment, *, now: datetime) -> list[InjectedFault]:
    """The run's faults, unsaved, from now on; none outlasts the experiment's duration. A cascade asks for the edges there are."""
    steps = steps_for(experiment)
    graph: Mapping[str, set[str]] = {}
    if any(step.mode == "cascade" for step in steps):
        graph = merged(callers(), seen_callers(now))
    found: list[InjectedFault] = []
    for step in steps:
        if step.mode == "cascade":
            found += _cascading(run, experiment, step, graph, now)
        else:
            found.append(_fault(run, experiment, step, now))
    return found


def _cascading(
    run: Run, experiment: Experiment, step: Step, graph: Mapping[str, set[str]], now: datetime
) -> list[InjectedFault]:
    found = []
    for service, distance in cascade(graph, step.service or experiment.service, step.depth):
        fault = _fault(run, experiment, step, now)
        begins_at = fault.begins_at + timedelta(milliseconds=step.spread_ms * distance)
        if begins_at < fault.expires_at:
            fault.service, fault.begins_at = service, begins_at
            fault.kind, fault.amount = ("delay", step.delay_ms) if step.delay_ms else ("abort", step.status)
            found.append(fault)
    return found


def _fault(run: Run, experiment: Experiment, step: Step, now: datetime) -> InjectedFault:
    begins_at = now + timedelta(seconds=step.after_s)
    end = now + timedelta(seconds=experiment.duration_s)
    amount = _AMOUNTS.get(step.mode)
    return InjectedFault(
        run=run,
        kind=_KINDS.get(step.mode, ""),
        service=step.service or experiment.service,
        route="" if step.service else experiment.route,
        percent=experiment.percent,
        header=experiment.header,
        header_value=experiment.header_value,
        amount=getattr(step, amount) if amount else 0,
        instance=step.process or step.instance,
        begins_at=begins_at,
        expires_at=min(end, begins_at + timedelta(seconds=step.for_s)) if step.for_s else end,
    )

"""Rows as the API answers them."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from mesh.chaos.fault_models import KillSwitch
from mesh.chaos.models import Experiment, Run
from mesh.chaos.selectors import Standing
from mesh.chaos.serializers import InjectedFaultSerializer, RunningExperimentSerializer

_PLAIN = (
    "id", "name", "description", "state", "service", "route", "percent", "header", "header_value", "duration_s", "baseline_s",
    "recovery_s", "source", "probe_path", "probe_rate", "probe_timeout_ms", "safety_window_ms", "is_sandbox", "created_at",
    "approved_at", "starts_at", "repeat_s",
)  # fmt: skip
_OF_RUN = (
    "id", "phase", "node", "started_at", "injected_at", "lifted_at", "ended_at", "reason", "hypothesis_held", "recovery_ms",
    "score", "score_parts",
)  # fmt: skip


def last_runs(experiments: Iterable[Experiment]) -> dict[UUID, Run]:
    """By experiment, its last run. One query."""
    ids = [each.pk for each in experiments]
    runs = Run.objects.filter(experiment__in=ids).order_by("experiment_id", "-id").distinct("experiment_id")
    return {run.experiment_id: run for run in runs}


def run_body(run: Run | None) -> dict[str, Any] | None:
    """A run with the figures there are so far."""
    if run is None:
        return None
    figures = {name: getattr(run, name) or None for name in ("baseline", "during", "after")}
    return {name: getattr(run, name) for name in _OF_RUN} | figures


def experiment_body(found: Experiment, run: Run | None) -> dict[str, Any]:
    """An experiment with its last run."""
    return {
        **{name: getattr(found, name) for name in _PLAIN},
        **{name: json.loads(getattr(found, name)) for name in ("hypothesis", "method", "safety")},
        "created_by": found.created_by_id,
        "approved_by": found.approved_by_id,
        "run": run_body(run),
    }


def switch_body(switch: KillSwitch | None) -> dict[str, Any]:
    """The kill switch; released, or never engaged, it is nobody's."""
    engaged = switch is not None and switch.released_at is None
    return {
        "engaged": engaged,
        "engaged_at": switch.engaged_at if switch and engaged else None,
        "engaged_by": switch.engaged_by_id if switch and engaged else None,
        "reason": switch.reason if switch and engaged else "",
    }


def status_body(standing: Standing, now: datetime) -> dict[str, Any]:
    """How things stand."""
    return {
        "at": now,
        "kill_switch": switch_body(standing.switch),
        "experiments": standing.by_state,
        "running": RunningExperimentSerializer(standing.running, many=True).data,
        "faults": InjectedFaultSerializer(standing.faults, many=True).data,
    }

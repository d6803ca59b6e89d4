"""A run's report: one HTML file that needs nothing else."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.template.loader import render_to_string

from mesh.chaos.chart import Chart, Second, chart
from mesh.chaos.errors import RunNotFound
from mesh.chaos.fault_models import InjectedFault
from mesh.chaos.method import METRICS, Check, checks_of
from mesh.chaos.models import Experiment, Run, RunSample
from mesh.chaos.scoring import WEIGHTS

_NAMES = {
    "availability_percent": "Availability", "error_percent": "Errors", "p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A metric before, during and after, as text."""

    name: str
    before: str
    during: str
    after: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check of the hypothesis, and what came of it."""

    words: str
    measured: str
    held: bool


def run_for(experiment: Experiment, run_id: UUID | None = None) -> Run:
    """The run asked for, or the last one. Raises RunNotFound."""
    runs = Run.objects.filter(experiment=experiment).select_related("experiment", "started_by", "stopped_by")
    found = (runs.filter(pk=run_id) if run_id else runs.order_by("-id")).first()
    if found is None:
        raise RunNotFound(experiment=str(experiment.pk))
    return found


def chart_of(run: Run) -> Chart:
    """The seconds of a run as a chart. One query."""
    rows = RunSample.objects.filter(run=run).order_by("id")
    checks = checks_of(json.loads(run.experiment.hypothesis), "hypothesis", least=0)
    return chart([_second(run, row) for row in rows], checks)


def _second(run: Run, row: RunSample) -> Second:
    errors = 100 * row.errors / row.calls if row.calls else None
    return Second((row.at - run.started_at).total_seconds(), row.phase, row.p50_ms, row.p95_ms, errors)


def rows_of(run: Run) -> list[Row]:
    """The figures, one row per metric."""
    rows = [Row("Requests", *(str(each.get("calls", 0)) for each in (run.baseline, run.during, run.after)))]
    for metric in METRICS:
        unit = " %" if metric.endswith("percent") else " ms"
        told = [_told(each.get(metric), unit) for each in (run.baseline, run.during, run.after)]
        rows.append(Row(_NAMES[metric], *told))
    return rows


def verdicts_of(run: Run) -> list[Verdict]:
    """The hypothesis against what was measured during the faults; empty before there is anything to tell."""
    if not run.during:
        return []
    checks = checks_of(json.loads(run.experiment.hypothesis), "hypothesis", least=0)
    return [_verdict(check, run.during.get(check.metric)) for check in checks]


def _verdict(check: Check, value: float | None) -> Verdict:
    unit = " %" if check.metric.endswith("percent") else " ms"
    return Verdict(check.words, _told(value, unit), check.holds(value))


def _told(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".") + unit


def report_html(run: Run) -> str:
    """The whole report."""
    parts = [(name, weight, run.score_parts.get(name)) for name, weight in WEIGHTS.items()]
    safety = checks_of(json.loads(run.experiment.safety), "safety", least=0)
    context = {
        "run": run,
        "experiment": run.experiment,
        "rows": rows_of(run),
        "verdicts": verdicts_of(run),
        "rules": [rule.words for rule in safety],
        "chart": chart_of(run),
        "faults": InjectedFault.objects.filter(run=run).order_by("id"),
        "parts": [(name.capitalize(), weight, value) for name, weight, value in parts if value is not None],
    }
    return render_to_string("mesh/chaos/report.html", context)


def file_name(run: Run) -> str:
    """A file's name that sorts by time."""
    return f"experiment-{run.experiment_id}-{run.started_at:%Y%m%d-%H%M%S}.html"

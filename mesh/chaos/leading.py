"""One run as the node that leads it sees it: what was observed, what is due, what is broken. Driven by `mesh.chaos.runner`."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mesh.chaos.errors import ProcessNotKillable
from mesh.chaos.fault_models import InjectedFault
from mesh.chaos.hosting import Stress, kill
from mesh.chaos.measuring import (
    LEAST_CALLS,
    SECOND_US,
    Figures,
    Observation,
    begun_between,
    ended_since,
    figures,
    recovered_us,
)
from mesh.chaos.method import Check, checks_of
from mesh.chaos.models import Experiment, Run, RunSample
from mesh.chaos.sources import Source
from opinion_market.kernel import clock

log = logging.getLogger(__name__)


@dataclass
class Leading:
    """A live run with what only its leader knows."""

    run: Run
    experiment: Experiment
    source: Source
    stress: Stress = field(default_factory=Stress)
    observations: list[Observation] = field(default_factory=list)
    sampled_us: int = 0
    # Begin of the first good second after the faults, and how far it has been looked for.
    recovered_us: int | None = None
    looked_us: int = 0
    reason: str = ""
    is_stopped: bool = False

    def __post_init__(self) -> None:
        self.checks = checks_of(json.loads(self.experiment.hypothesis), "hypothesis", least=0)
        self.rules = checks_of(json.loads(self.experiment.safety), "safety", least=0)
        self.sampled_us = clock.microseconds(self.run.started_at)

    def observe(self, now: datetime) -> None:
        """Take in what was answered, and write down each second that is over (two seconds late: answers come late)."""
        self.observations += self.source.take()
        until_us = clock.microseconds(now) - 2 * SECOND_US
        rows = []
        while self.sampled_us + SECOND_US <= until_us:
            rows.append(self._sample(self.sampled_us))
            self.sampled_us += SECOND_US
        RunSample.objects.bulk_create(rows)
        if rows and self.run.phase == Run.Phase.INJECTING:
            self.run.during = self.between(self.run.injected_at, now).as_json()
            self.run.save(update_fields=["during"])

    def last_samples(self, now: datetime) -> None:
        """Write down what is left, at the end."""
        self.observations += self.source.take()
        until_us = clock.microseconds(now)
        rows = []
        while self.sampled_us < until_us:
            rows.append(self._sample(self.sampled_us))
            self.sampled_us += SECOND_US
        RunSample.objects.bulk_create(rows)

    def _sample(self, start_us: int) -> RunSample:
        found = figures(begun_between(self.observations, start_us, start_us + SECOND_US))
        at = clock.from_microseconds(start_us)
        return RunSample(
            run=self.run,
            at=at,
            phase=self._phase_at(at),
            calls=found.calls,
            errors=found.errors,
            availability_percent=found.availability_percent,
            p50_ms=found.p50_ms,
            p95_ms=found.p95_ms,
            p99_ms=found.p99_ms,
        )

    def _phase_at(self, at: datetime) -> str:
        end = at + timedelta(seconds=1)
        if self.run.lifted_at is not None and at >= self.run.lifted_at:
            return str(Run.Phase.RECOVERING)
        if self.run.injected_at is not None and end > self.run.injected_at:
            return str(Run.Phase.INJECTING)
        return str(Run.Phase.BASELINE)

    def between(self, start: datetime | None, end: datetime | None) -> Figures:
        """The figures of the requests sent in [start, end)."""
        if start is None or end is None:
            return Figures(calls=0, errors=0)
        return figures(begun_between(self.observations, clock.microseconds(start), clock.microseconds(end)))

    def broken_rule(self, now: datetime) -> str:
        """Which safety rule the answers of the last window break; empty if none does, or too few came to tell."""
        now_us = clock.microseconds(now)
        window_us = self.experiment.safety_window_ms * 1_000
        recent = ended_since(self.observations, now_us - window_us)
        if len(recent) < LEAST_CALLS:
            return self._silence(now_us - window_us)
        found = figures(recent)
        return next((_told(rule, found) for rule in self.rules if not rule.holds(found.value(rule.metric))), "")

    def _silence(self, before_us: int) -> str:
        """Probes are answered or given up in their time: if none is, nobody watches over the faults any more."""
        if self.experiment.source != Experiment.Source.PROBE or self.run.injected_at is None:
            return ""
        expected_us = before_us - self.experiment.probe_timeout_ms * 1_000 - SECOND_US
        if expected_us < clock.microseconds(self.run.injected_at) or ended_since(self.observations, expected_us):
            return ""
        return "nothing was measured any more"

    def recovered_ms(self, now: datetime) -> int | None:
        """How long after the faults' end all checks held again; None so far. It is known a little later than it happens."""
        if self.run.lifted_at is None:
            return None
        lifted_us = clock.microseconds(self.run.lifted_at)
        if self.recovered_us is None:
            until_us = clock.microseconds(now) - self.experiment.probe_timeout_ms * 1_000
            self.recovered_us, self.looked_us = recovered_us(
                self.observations, self.checks, from_us=max(self.looked_us, lifted_us), until_us=until_us
            )
        return None if self.recovered_us is None else (self.recovered_us - lifted_us) // 1_000

    def failing_checks(self, found: Figures) -> list[str]:
        """The hypothesis' checks that these figures do not keep."""
        return [_told(check, found) for check in self.checks if not check.holds(found.value(check.metric))]

    def begin_on_host(self, faults: Sequence[InjectedFault], now: datetime) -> list[str]:
        """Do to this host what these faults say; answers why some could not be done."""
        refused = []
        for fault in faults:
            seconds = (fault.expires_at - now).total_seconds()
            try:
                if fault.kind == InjectedFault.Kind.KILL:
                    kill(node=self.run.node, name=fault.instance)
                elif fault.kind == InjectedFault.Kind.CPU:
                    self.stress.start_cpu(fault.pk, percent=fault.amount, seconds=seconds)
                else:
                    self.stress.start_memory(fault.pk, mib=fault.amount, seconds=seconds)
            except (ProcessNotKillable, ValueError, OSError) as refusal:
                log.warning("Fault %s of run %s: %s", fault.kind, self.run.pk, refusal)
                refused.append(str(refusal))
        return refused

    def close(self) -> None:
        """End what it holds: its probes and its children."""
        self.stress.end_all()
        self.source.close()


def _told(check: Check, found: Figures) -> str:
    value = found.value(check.metric)
    return f"{check.words} was asked, {'nothing' if value is None else f'{value:g}'} was measured"

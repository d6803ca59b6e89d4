"""Carries experiments out: what a node's controller does for them five to ten times a second.

    runner = Runner(node="host-1", doorways=Doorways(sockets=…, front_door=…))
    while …:
        runner.tick(clock.now())
    runner.close()

A run goes through its baseline, the injection of its faults, and its recovery. It is led by the node that claimed it. Whatever
breaks a safety rule, is asked to stop, or lost its leader is rolled back at the next tick. Faults of traffic are applied and
lifted through `mesh.dataplane.services`, which publishes them.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from mesh.chaos.fault_models import InjectedFault
from mesh.chaos.finishing import finish
from mesh.chaos.leading import Leading
from mesh.chaos.models import Experiment, Run
from mesh.chaos.planning import planned, steps_for
from mesh.chaos.probes import Doorways
from mesh.chaos.selectors import engaged_switch
from mesh.chaos.services import checker
from mesh.chaos.sources import source_for
from mesh.dataplane.services import Cause, changing, lifting_faults
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=3)
MOST_AT_ONCE = 8
MOST_LOOKED_AT = 100
Phase, State = Run.Phase, Experiment.State

# One statement that tells an idle controller that there is nothing to do. Each part reads a partial index.
_ANYTHING = """
SELECT EXISTS (SELECT 1 FROM mesh_experiment WHERE state = 'approved' AND starts_at <= %(now)s)
    OR EXISTS (SELECT 1 FROM mesh_run WHERE ended_at IS NULL AND led_until < %(now)s)
    OR EXISTS (SELECT 1 FROM mesh_injectedfault
               WHERE applied_at IS NOT NULL AND lifted_at IS NULL AND expires_at <= %(now)s)
"""


class Runner:
    """The experiments of one node. Not thread-safe: one loop drives it."""

    def __init__(self, *, node: str, doorways: Doorways) -> None:
        self.node, self.doorways = node, doorways
        self.leading: list[Leading] = []

    def tick(self, now: datetime) -> None:
        """Do what is due: a query when there is nothing, else a few and what the runs need. Never raises a DomainError."""
        if self._is_anything_due(now):
            self._abandon_lost(now)
            self._lift_expired(now)
            self._start_due(now)
        for each in list(self.leading):
            try:
                self._lead(each, now)
            except DomainError as refused:  # the data plane refused the change: end the run, and lift what is on
                log.warning("Run %s: %s", each.run.pk, refused.message)
                self._roll_back(each, now, f"It could not be carried out: {refused.message}", failed=True)

    def close(self) -> None:
        """End the probes and children of the runs led here. Their faults are lifted by the next controller's tick."""
        for each in self.leading:
            each.close()
        self.leading.clear()

    def _is_anything_due(self, now: datetime) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_ANYTHING, {"now": now})
            row = cursor.fetchone()
        return bool(row and row[0])

    def _abandon_lost(self, now: datetime) -> None:
        """Runs whose controller died: their faults go, and they are failed."""
        own = [each.run.pk for each in self.leading]
        lost = Run.objects.filter(ended_at__isnull=True, led_until__lt=now).exclude(pk__in=own)
        for run in lost.select_related("experiment", "started_by"):
            reason = "Its controller was lost."
            with lifting_faults(actor=run.started_by, reason=f"{run.experiment.name}: {reason}"[:200], now=now):
                mine = Run.objects.select_for_update(of=("self",), skip_locked=True).filter(
                    pk=run.pk, ended_at__isnull=True, led_until__lt=now
                )
                if mine.update(phase=Phase.FAILED, reason=reason, ended_at=now, lifted_at=now):
                    InjectedFault.objects.filter(run=run, lifted_at__isnull=True).update(lifted_at=now)
                    Experiment.objects.filter(pk=run.experiment_id).update(state=State.FAILED, starts_at=None)

    def _lift_expired(self, now: datetime) -> None:
        """Faults past their end, whoever put them there."""
        expired = InjectedFault.objects.filter(applied_at__isnull=False, lifted_at__isnull=True, expires_at__lte=now)
        rows = list(expired.select_related("run__experiment", "run__started_by"))
        if not rows:
            return
        for each in self.leading:
            for row in rows:
                each.stress.end(row.pk)
        if any(row.kind in InjectedFault.OF_TRAFFIC for row in rows):
            with lifting_faults(
                actor=rows[0].run.started_by, reason=f"{rows[0].run.experiment.name}: faults are over"[:200], now=now
            ):
                expired.filter(pk__in=[row.pk for row in rows]).update(lifted_at=now)
        else:
            expired.filter(pk__in=[row.pk for row in rows]).update(lifted_at=now)

    def _start_due(self, now: datetime) -> None:
        room = MOST_AT_ONCE - len(self.leading)
        if room <= 0 or engaged_switch() is not None:
            return
        with transaction.atomic():
            due = Experiment.objects.select_for_update(of=("self",), skip_locked=True)
            waiting = due.filter(state=State.APPROVED, starts_at__lte=now).order_by("starts_at", "id")
            # Those of nodes that are away may stand before one's own.
            mine = [each for each in waiting[:MOST_LOOKED_AT] if self._is_mine(each)]
            self.leading += [self._begin(each, now) for each in mine[:room]]

    def _is_mine(self, experiment: Experiment) -> bool:
        return all(step.node in ("", self.node) for step in steps_for(experiment))

    def _begin(self, experiment: Experiment, now: datetime) -> Leading:
        by = experiment.run_requested_by or experiment.approved_by or experiment.created_by
        run = Run.objects.create(
            experiment=experiment, node=self.node, started_by=by, started_at=now, led_until=now + LEASE
        )
        experiment.state = State.RUNNING
        experiment.save(update_fields=["state"])
        return Leading(run, experiment, source_for(experiment, self.doorways, now=now))

    def _lead(self, each: Leading, now: datetime) -> None:
        each.observe(now)
        run = each.run
        fresh = Run.objects.filter(pk=run.pk).values("stop_requested_at", "reason", "ended_at").get()
        if fresh["ended_at"] is not None:  # another controller took this one for dead
            self._forget(each)
            return
        if run.led_until - now < LEASE / 2:
            run.led_until = now + LEASE
            run.save(update_fields=["led_until"])
        if fresh["stop_requested_at"] is not None and not each.is_stopped:
            run.stop_requested_at = fresh["stop_requested_at"]
            self._roll_back(each, now, fresh["reason"])
        elif run.phase == Phase.BASELINE:
            self._in_baseline(each, now)
        elif run.phase == Phase.INJECTING:
            self._in_injection(each, now)
        else:
            self._in_recovery(each, now)

    def _in_baseline(self, each: Leading, now: datetime) -> None:
        run = each.run
        if now < run.started_at + timedelta(seconds=each.experiment.baseline_s):
            return
        if each.experiment.service and each.experiment.service not in checker().services:
            self._roll_back(each, now, f"There is no service {each.experiment.service} any more.", failed=True)
            return
        found = each.between(run.started_at, now)
        run.baseline = found.as_json()
        failing = each.failing_checks(found)
        if not found.calls or failing:
            told = "; ".join(failing) if found.calls else "no request was seen"
            self._roll_back(each, now, f"There was no steady state to begin with: {told}.", failed=True)
            return
        faults = planned(run, each.experiment, now=now)
        run.phase, run.injected_at = Phase.INJECTING, now
        with transaction.atomic():
            InjectedFault.objects.bulk_create(faults)
            run.save(update_fields=["phase", "injected_at", "baseline"])
        self._apply(each, now)

    def _in_injection(self, each: Leading, now: datetime) -> None:
        broken = each.broken_rule(now)
        if broken:
            self._roll_back(each, now, f"A safety rule broke: {broken}.")
            return
        self._apply(each, now)
        if not InjectedFault.objects.filter(run=each.run, lifted_at__isnull=True).exists():
            self._recover(each, now)

    def _in_recovery(self, each: Leading, now: datetime) -> None:
        if each.run.lifted_at is None:
            return
        given = timedelta(seconds=each.experiment.recovery_s)
        # By the time recovery is known there has been a second of good requests to measure.
        if each.recovered_ms(now) is not None or now >= each.run.lifted_at + given:
            finish(each, now=now)
            self._forget(each)

    def _apply(self, each: Leading, now: datetime) -> None:
        """Put on the faults that are due."""
        due = list(
            InjectedFault.objects.filter(
                Q(run=each.run), applied_at__isnull=True, lifted_at__isnull=True, begins_at__lte=now, expires_at__gt=now
            )
        )
        on_traffic = [row.pk for row in due if row.kind in InjectedFault.OF_TRAFFIC]
        on_host = [row for row in due if row.kind not in InjectedFault.OF_TRAFFIC]
        if on_traffic:
            with changing(
                actor=each.run.started_by,
                reason=f"{each.experiment.name}: faults begin"[:200],
                now=now,
                cause=Cause.EXPERIMENT,
            ):
                # Not those that a stop has lifted meanwhile.
                InjectedFault.objects.filter(pk__in=on_traffic, lifted_at__isnull=True).update(applied_at=now)
        if on_host:
            refused = each.begin_on_host(on_host, now)
            InjectedFault.objects.filter(pk__in=[row.pk for row in on_host]).update(applied_at=now)
            if refused:
                self._roll_back(each, now, " ".join(refused), failed=True)

    def _roll_back(self, each: Leading, now: datetime, reason: str, *, failed: bool = False) -> None:
        """End it before its time: nothing of it stays, and its recovery is measured if it had begun."""
        each.is_stopped, each.reason = True, reason[:300]
        each.stress.end_all()
        on = InjectedFault.objects.filter(run=each.run, lifted_at__isnull=True)
        if on.filter(applied_at__isnull=False, kind__in=InjectedFault.OF_TRAFFIC).exists():
            with lifting_faults(actor=each.run.started_by, reason=f"{each.experiment.name}: {reason}"[:200], now=now):
                on.update(lifted_at=now)
        else:
            on.update(lifted_at=now)
        if failed or each.run.injected_at is None:
            finish(each, now=now, failed=failed)
            self._forget(each)
            return
        self._recover(each, now)

    def _recover(self, each: Leading, now: datetime) -> None:
        each.stress.end_all()
        each.run.phase, each.run.lifted_at, each.run.reason = Phase.RECOVERING, now, each.reason
        each.run.save(update_fields=["phase", "lifted_at", "reason"])

    def _forget(self, each: Leading) -> None:
        each.close()
        if each in self.leading:
            self.leading.remove(each)

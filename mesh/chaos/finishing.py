"""The end of a run: its figures, its verdict and its score."""

from datetime import datetime, timedelta

from django.db import transaction

from mesh.chaos.fault_models import InjectedFault, ResilienceScore
from mesh.chaos.leading import Leading
from mesh.chaos.models import Experiment, Run
from mesh.chaos.scoring import followed, score


@transaction.atomic
def finish(each: Leading, *, now: datetime, failed: bool = False) -> None:
    """Write down what a run came to, and let its experiment go on: to its next turn, or to its end.

    Faults that are somehow left are lifted with it: nothing outlives its run.
    """
    run = each.run
    each.last_samples(now)
    before = each.between(run.started_at, run.injected_at or now)
    during = each.between(run.injected_at, run.lifted_at or now)
    after = each.between(run.lifted_at, now)
    run.baseline, run.during, run.after = before.as_json(), during.as_json(), after.as_json()
    run.recovery_ms = each.recovered_ms(now)
    run.ended_at, run.reason = now, each.reason
    run.lifted_at = run.lifted_at or (now if run.injected_at else None)
    ends = (Run.Phase.FAILED, Experiment.State.FAILED) if failed else (Run.Phase.STOPPED, Experiment.State.STOPPED)
    run.phase, state = ends if failed or each.is_stopped else (Run.Phase.COMPLETED, Experiment.State.COMPLETED)
    if run.injected_at is not None and not failed:
        run.hypothesis_held = not each.failing_checks(during)
        _score(each, now)
    InjectedFault.objects.filter(run=run, lifted_at__isnull=True).update(lifted_at=now)
    # Not who asked for its stop, which others wrote.
    run.save(
        update_fields=[
            "baseline", "during", "after", "recovery_ms", "ended_at", "reason", "lifted_at", "phase",
            "hypothesis_held", "score", "score_parts",
        ]
    )  # fmt: skip
    _let_go(each.experiment, state, now)


def _score(each: Leading, now: datetime) -> None:
    run, experiment = each.run, each.experiment
    found = score(
        before=each.between(run.started_at, run.injected_at),
        during=each.between(run.injected_at, run.lifted_at or now),
        checks=each.checks,
        recovery_ms=run.recovery_ms,
        recovery_given_ms=experiment.recovery_s * 1_000,
    )
    if found is None:
        return
    run.score, run.score_parts = found.score, dict(found.parts)
    last = ResilienceScore.objects.filter(service=experiment.target).order_by("-at", "-id").first()
    ResilienceScore.objects.create(
        service=experiment.target,
        run=run,
        run_score=found.score,
        score=followed(None if last is None else last.score, found.score),
        at=now,
    )


def _let_go(experiment: Experiment, state: str, now: datetime) -> None:
    """A schedule takes its next turn after a run that was completed; turns that were missed are not made up for."""
    starts_at = None
    if experiment.repeat_s and experiment.starts_at is not None and state == Experiment.State.COMPLETED:
        turns = max(1, (now - experiment.starts_at) // timedelta(seconds=experiment.repeat_s) + 1)
        starts_at, state = (
            experiment.starts_at + turns * timedelta(seconds=experiment.repeat_s),
            Experiment.State.APPROVED,
        )
    Experiment.objects.filter(pk=experiment.pk).update(state=state, starts_at=starts_at, run_requested_by=None)

"""Experiments run on real traffic: measured before, during and after, rolled back when a rule breaks, and leaving nothing."""

import time
from datetime import timedelta

from mesh.chaos import services as chaos
from mesh.chaos.fault_models import InjectedFault, ResilienceScore
from mesh.chaos.models import Experiment, Run, RunSample
from mesh.chaos.selectors import active_faults
from opinion_market.kernel import clock
from tests.mesh.chaos.scene import SERVICE, a_draft, an_operator, phase_of, ready, run_of

ABORT = [{"mode": "abort", "status": 503}]


def nothing_remains(loop):
    """No fault among the rows, none in Envoy, no request that fails or waits."""
    assert not InjectedFault.objects.filter(lifted_at__isnull=True).exists()
    assert active_faults(clock.now()) == []
    assert loop.plane.published == []
    answers = loop.plane.many(SERVICE, 40)
    assert {status for status, _ in answers} == {200}
    return True


def test_a_run_is_measured_scored_and_leaves_nothing(loop):
    experiment = ready(an_operator())
    loop.until(lambda: phase_of(experiment) == Run.Phase.COMPLETED)
    run = run_of(experiment)
    assert run.baseline["p50_ms"] < 150
    assert 250 <= run.during["p50_ms"] < 500
    assert run.during["availability_percent"] == 100
    assert run.after["p50_ms"] < 150
    assert run.hypothesis_held is False  # it claims a p50 that the fault makes impossible
    assert run.recovery_ms < 1_500
    # 40 for availability, some for latency, most of the recovery's, half of the hypothesis': errors held, p50 did not.
    assert 60 < run.score < 90
    assert ResilienceScore.objects.get(service=SERVICE).score == run.score
    phases = list(RunSample.objects.filter(run=run).values_list("phase", flat=True))
    assert set(phases) == {Run.Phase.BASELINE, Run.Phase.INJECTING, Run.Phase.RECOVERING}
    experiment.refresh_from_db()
    assert experiment.state == Experiment.State.COMPLETED
    assert nothing_remains(loop)


def test_a_broken_safety_rule_rolls_back_within_a_second(loop):
    experiment = ready(an_operator(), method=ABORT, safety=[{"metric": "error_percent", "limit": 20}], duration_s=30)
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING)
    took = loop.until(lambda: phase_of(experiment) == Run.Phase.RECOVERING and not loop.plane.published)
    # From the first fault on: the breach itself, its detection, and Envoy's acknowledgement.
    assert took < 1.0
    assert {status for status, _ in loop.plane.many(SERVICE, 40)} == {200}
    loop.until(lambda: phase_of(experiment) == Run.Phase.STOPPED)
    run = run_of(experiment)
    assert "errors ≤ 20%" in run.reason
    assert run.during["errors"] > 0
    assert run.recovery_ms is not None
    assert nothing_remains(loop)


def test_the_kill_switch_ends_all_within_a_second_and_nothing_starts_until_it_is_released(loop):
    operator = an_operator()
    experiment = ready(operator, method=ABORT, duration_s=60)
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING and loop.plane.published)
    begun = time.monotonic()
    chaos.engage_kill_switch(actor=operator, reason="Real trouble", now=clock.now())
    assert active_faults(clock.now()) == []  # at once, whoever publishes next
    loop.turn()
    assert time.monotonic() - begun < 1.0
    assert {status for status, _ in loop.plane.many(SERVICE, 40)} == {200}
    loop.until(lambda: phase_of(experiment) == Run.Phase.STOPPED)
    assert run_of(experiment).reason == "Kill switch: Real trouble"
    late = clock.now() - timedelta(seconds=1)
    scheduled = chaos.create_experiment(actor=operator, draft=a_draft(starts_at=late), now=clock.now())
    for _ in range(3):
        loop.turn()
    assert run_of(scheduled) is None
    chaos.release_kill_switch(actor=operator, reason="All is well", now=clock.now())
    loop.turn()
    assert run_of(scheduled) is None  # it lost its turn
    assert nothing_remains(loop)


def test_a_person_stops_a_run(loop):
    operator = an_operator()
    experiment = ready(operator, duration_s=60)
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING and loop.plane.published)
    chaos.stop_experiment(actor=operator, experiment_id=experiment.pk, reason="Enough seen", now=clock.now())
    assert loop.until(lambda: not loop.plane.published) < 1.0
    loop.until(lambda: phase_of(experiment) == Run.Phase.STOPPED)
    run = run_of(experiment)
    assert (run.reason, run.stopped_by) == ("Enough seen", operator)
    assert nothing_remains(loop)


def test_the_faults_of_a_controller_that_was_killed_are_lifted_by_the_next_one(loop):
    experiment = ready(an_operator(), duration_s=60)
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING and loop.plane.published)
    loop.runner.close()  # its probes end with the process; its rows stay as they are
    loop.turn()
    assert loop.plane.published  # not before its lease has run out
    Run.objects.filter(experiment=experiment).update(led_until=clock.now() - timedelta(seconds=1))
    loop.turn()
    run = run_of(experiment)
    assert (run.phase, run.reason) == (Run.Phase.FAILED, "Its controller was lost.")
    assert nothing_remains(loop)


def test_nothing_is_done_to_a_service_that_is_not_in_its_steady_state(loop):
    impossible = [{"metric": "p50_ms", "limit": 0}]
    experiment = ready(an_operator(), hypothesis=impossible)
    loop.until(lambda: phase_of(experiment) == Run.Phase.FAILED)
    assert run_of(experiment).reason.startswith("There was no steady state to begin with: p50 ≤ 0 ms was asked")
    assert not InjectedFault.objects.exists()


def test_an_instance_made_unhealthy_is_left_out_and_comes_back(loop):
    first = loop.plane.upstreams[0].endpoint
    step = {"mode": "unhealthy", "instance": f"127.0.0.1:{first.port}"}
    experiment = ready(an_operator(), method=[step], duration_s=1)
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING and loop.plane.published)
    assert answering(loop) == {"second"}
    loop.until(lambda: phase_of(experiment) == Run.Phase.COMPLETED)
    assert run_of(experiment).hypothesis_held is True
    assert answering(loop) == {"first", "second"}


def answering(loop):
    with loop.plane.client() as client:
        return {client.get("http://web.sandbox/").text for _ in range(20)}

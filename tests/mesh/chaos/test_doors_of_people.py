"""Experiments over the API and in the console: the same rules, and nothing for those who do not run the platform."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from mesh.chaos.fault_models import InjectedFault, KillSwitch
from mesh.chaos.models import Experiment, Run
from mesh.chaos.templates import TEMPLATES
from opinion_market.kernel import clock
from tests.console.scene import client_of, page
from tests.governance.people import a_member, a_user, an_organization, calling_as
from tests.mesh.chaos.scene import a_service, an_operator, phase_of

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/chaos-engineering"
BODY = {
    "name": "Is it slow?",
    "service": "platform/web",
    "hypothesis": [{"metric": "error_percent", "limit": 1}],
    "method": [{"mode": "latency", "delay_ms": 20}],
    "safety": [{"metric": "availability_percent", "limit": 50}],
}


@pytest.fixture(autouse=True)
def registry():
    a_service("platform", "web")
    a_service()


def test_an_experiment_goes_its_way_over_the_api():
    writer, other = calling_as(an_operator()), calling_as(an_operator())
    made = writer.post(f"{ROOT}/experiments", BODY, format="json")
    assert (made.status_code, made.data["state"]) == (201, "awaiting_approval")
    one = f"{ROOT}/experiments/{made.data['id']}"
    refused = writer.post(f"{one}/approve", {"reason": "Mine"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_person_needed")
    assert writer.post(f"{one}/run").json()["code"] == "experiment_state"
    assert other.post(f"{one}/approve", {"reason": "Agreed"}, format="json").data["state"] == "approved"
    assert writer.post(f"{one}/run").data["starts_at"] is not None
    assert writer.post(f"{one}/stop", {"reason": "Not now"}, format="json").data["state"] == "stopped"
    assert writer.get(one).data["run"] is None
    assert writer.get(f"{one}/report").json()["code"] == "experiment_has_not_run"
    assert writer.get(f"{one}/runs").data["results"] == []
    listed = writer.get(f"{ROOT}/experiments?state=stopped").data["results"]
    assert [str(each["id"]) for each in listed] == [str(made.data["id"])]


def test_a_repeated_request_makes_one_experiment():
    client = calling_as(an_operator())
    first, again = (
        client.post(f"{ROOT}/experiments", BODY, format="json", HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2)
    )
    assert first.json()["id"] == again.json()["id"]
    assert Experiment.objects.count() == 1


def test_many_are_made_at_once_or_none():
    client = calling_as(an_operator())
    made = client.post(f"{ROOT}/experiments/batch", {"experiments": [BODY, BODY]}, format="json")
    assert (made.status_code, len(made.data["ids"])) == (201, 2)
    wrong = {**BODY, "method": [{"mode": "latency", "delay_ms": 5_000}]}
    refused = client.post(f"{ROOT}/experiments/batch", {"experiments": [BODY, wrong]}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_experiment")
    assert Experiment.objects.count() == 2


def test_the_kill_switch_over_the_api():
    client = calling_as(an_operator())
    engaged = client.post(f"{ROOT}/kill-switch", {"engaged": True, "reason": "Trouble"}, format="json")
    assert engaged.data["engaged"] is True
    assert client.get(f"{ROOT}/status").data["kill_switch"]["reason"] == "Trouble"
    again = client.post(f"{ROOT}/kill-switch", {"engaged": True, "reason": "Trouble"}, format="json")
    assert again.json()["code"] == "kill_switch_engaged"
    client.post(f"{ROOT}/kill-switch", {"engaged": False, "reason": "Over"}, format="json")
    assert client.get(f"{ROOT}/kill-switch").data["engaged"] is False


def a_finished_run(loop_free_operator):
    """A run as the runner leaves it, without running it."""
    now = clock.now()
    experiment = Experiment.objects.create(
        name="<b>Slow</b>", service="platform/web", hypothesis=json.dumps(BODY["hypothesis"]),
        method=json.dumps(BODY["method"]), safety=json.dumps(BODY["safety"]), created_by=loop_free_operator, created_at=now,
        state="completed",
    )  # fmt: skip
    figures = {"calls": 10, "errors": 0, "availability_percent": 100.0, "error_percent": 0.0, "p50_ms": 5.5, "p95_ms": 9.0,
               "p99_ms": 9.0}  # fmt: skip
    run = Run.objects.create(
        experiment=experiment, node="n", phase="completed", started_by=loop_free_operator, started_at=now, led_until=now,
        injected_at=now, lifted_at=now, ended_at=now, hypothesis_held=True, baseline=figures, during=figures, after=figures,
        recovery_ms=0, score=100.0, score_parts={"availability": 1.0},
    )  # fmt: skip
    InjectedFault.objects.create(
        run=run, kind="delay", service="platform/web", amount=20, begins_at=now, expires_at=now + timedelta(seconds=1),
        applied_at=now, lifted_at=now,
    )  # fmt: skip
    for second in range(3):
        run.samples.create(
            at=now + timedelta(seconds=second), phase="injecting", calls=5, errors=second, availability_percent=100,
            p50_ms=5, p95_ms=9, p99_ms=9,
        )  # fmt: skip
    return run


def test_a_report_stands_for_itself_and_escapes_what_people_wrote():
    operator = an_operator()
    run = a_finished_run(operator)
    answer = calling_as(operator).get(f"{ROOT}/experiments/{run.experiment_id}/report")
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")
    assert "attachment" in answer["Content-Disposition"]
    assert "&lt;b&gt;Slow&lt;/b&gt;" in text
    assert "<b>Slow" not in text
    assert "<svg" in text
    assert "5.5 ms" in text
    assert "http://" not in text
    assert "src=" not in text


ADDRESSES = ["status", "experiments", "kill-switch", "templates", "resilience-metrics", "dashboard"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_those_who_run_the_platform_see_anything(address):
    admin = a_member(an_organization(), "admin", staff=True)
    assert calling_as(admin).get(f"{ROOT}/{address}").status_code == 403
    assert calling_as(None).get(f"{ROOT}/{address}").status_code == 401
    assert calling_as(an_operator()).get(f"{ROOT}/{address}").status_code == 200


def test_the_console_is_for_superusers():
    admin = client_of(a_member(an_organization(), "admin", staff=True))
    for name in ("changelist", "templates", "new", "kill_switch"):
        assert admin.get(page(f"mesh_experiment_{name}")).status_code == 403
    assert admin.get(page("mesh_resiliencescore_changelist")).status_code == 403


def test_an_experiment_goes_its_way_in_the_console():
    writer, other = an_operator(), an_operator()
    form = {
        "name": "From a template", "service": "platform/web", "percent": "25", "duration_s": "10", "baseline_s": "2",
        "recovery_s": "5", "safety_window_ms": "1000", "source": "probe", "probe_path": "/", "probe_rate": "20",
        "probe_timeout_ms": "1000", **{name: json.dumps(BODY[name]) for name in ("hypothesis", "method", "safety")},
    }  # fmt: skip
    author, approver = client_of(writer), client_of(other)
    assert author.post(page("mesh_experiment_new"), form).status_code == 302
    experiment = Experiment.objects.get()
    own = author.post(page("mesh_experiment_approve", experiment.pk), {"reason": "Mine"})
    assert b"does not approve it" in own.content
    assert approver.post(page("mesh_experiment_approve", experiment.pk), {"reason": "Agreed"}).status_code == 302
    assert author.post(page("mesh_experiment_run", experiment.pk), {"reason": "Now"}).status_code == 302
    experiment.refresh_from_db()
    assert (experiment.state, experiment.approved_by) == ("approved", other)
    assert b"every 1s" in author.get(page("mesh_experiment_live", experiment.pk)).content
    assert author.post(page("mesh_experiment_stop", experiment.pk), {"reason": "Enough"}).status_code == 302
    assert author.post(page("mesh_experiment_kill_switch"), {"reason": "Trouble"}).status_code == 302
    assert KillSwitch.objects.get().released_at is None
    assert b"The kill switch is engaged" in author.get(page("mesh_experiment_changelist")).content


def test_what_the_service_refuses_stands_above_the_form():
    wrong = {"name": "x", "percent": "25", "hypothesis": "[]", "method": "[]", "safety": "[]", "duration_s": "10",
             "baseline_s": "2", "recovery_s": "5", "safety_window_ms": "1000", "source": "probe", "probe_path": "/",
             "probe_rate": "20", "probe_timeout_ms": "1000", "service": "platform/web"}  # fmt: skip
    answer = client_of(an_operator()).post(page("mesh_experiment_new"), {**wrong, "hypothesis": '[{"metric": "x"}]'})
    assert answer.status_code == 200
    assert not Experiment.objects.exists()


def test_every_page_opens():
    operator = an_operator()
    run = a_finished_run(operator)
    client = client_of(operator)
    for key in TEMPLATES:
        assert client.get(f"{page('mesh_experiment_new')}?template={key}").status_code == 200
    shown = client.get(page("mesh_experiment_change", run.experiment_id))
    assert b"The hypothesis held." in shown.content
    assert b"every 1s" not in shown.content  # it is over
    for name in ("live", "report"):
        assert client.get(page(f"mesh_experiment_{name}", run.experiment_id)).status_code == 200
    assert client.get(page("mesh_experiment_templates")).status_code == 200
    assert client.get(page("mesh_experiment_changelist")).status_code == 200


def test_the_page_of_a_run_and_its_score(loop):
    operator = an_operator()
    client = calling_as(operator)
    made = client.post(
        f"{ROOT}/experiments",
        {**BODY, "service": "sandbox/web", "duration_s": 1, "baseline_s": 1, "recovery_s": 3, "probe_timeout_ms": 300},
        format="json",
    ).json()
    client.post(f"{ROOT}/experiments/{made['id']}/run")
    experiment = Experiment.objects.get(pk=made["id"])
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING)
    status = client.get(f"{ROOT}/status").json()
    assert [each["experiment"] for each in status["running"]] == [made["id"]]
    assert [each["kind"] for each in status["faults"]] == ["delay"]
    loop.until(lambda: phase_of(experiment) == Run.Phase.COMPLETED)
    scores = client.get(f"{ROOT}/resilience-metrics?service=sandbox/web").json()["scores"]
    assert [each["experiment"] for each in scores] == [made["id"]]
    board = client.get(f"{ROOT}/dashboard").json()
    assert board["recent"][0]["score"] == scores[0]["run_score"]
    console = client_of(operator)
    score = experiment.runs.get().resilience
    assert console.get(reverse("admin:mesh_resiliencescore_change", args=[score.pk])).status_code == 200
    assert console.get(page("mesh_resiliencescore_changelist")).status_code == 200
    assert client_of(a_user(staff=True)).get(page("mesh_experiment_live", experiment.pk)).status_code in {403, 404}

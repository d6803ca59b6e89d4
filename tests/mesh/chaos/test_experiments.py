"""Who may write, approve and start experiments, what is refused, and when they run."""

from datetime import timedelta

import pytest

from governance.access.errors import PermissionMissing
from mesh.chaos import services as chaos
from mesh.chaos.chains import cascade
from mesh.chaos.drafts import ExperimentDraft
from mesh.chaos.errors import InvalidExperiment, SecondPersonNeeded, WrongState
from mesh.chaos.fault_models import InjectedFault
from mesh.chaos.finishing import _let_go
from mesh.chaos.models import Experiment, Run
from mesh.chaos.planning import planned
from mesh.chaos.selectors import active_faults, doors
from mesh.chaos.sources import Calls
from mesh.chaos.templates import TEMPLATES
from mesh.client.models import ServiceCall
from mesh.dataplane.spec import Endpoint, Fault
from mesh.registry.models import Dependency
from opinion_market.kernel import clock
from tests.governance.people import a_member, an_organization
from tests.mesh.chaos.scene import a_draft, a_service, an_instance, an_operator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def registry():
    a_service()
    a_service("platform", "web")
    a_service("platform", "postgresql", protocol="tcp", type="trading")
    a_service("platform", "redis", protocol="tcp", type="caching")


def written(actor, **fields):
    return chaos.create_experiment(actor=actor, draft=a_draft(**fields), now=clock.now())


def test_outside_a_sandbox_somebody_else_approves():
    writer, other = an_operator(), an_operator()
    experiment = written(writer, service="platform/web")
    assert experiment.state == "awaiting_approval"
    with pytest.raises(WrongState):
        chaos.run_experiment(actor=writer, experiment_id=experiment.pk, now=clock.now())
    with pytest.raises(SecondPersonNeeded):  # superuser or not
        chaos.approve_experiment(actor=writer, experiment_id=experiment.pk, reason="Fine", now=clock.now())
    approved = chaos.approve_experiment(actor=other, experiment_id=experiment.pk, reason="Fine", now=clock.now())
    assert (approved.state, approved.approved_by) == ("approved", other)
    assert chaos.run_experiment(actor=writer, experiment_id=experiment.pk, now=clock.now()).starts_at is not None


def test_the_database_itself_refuses_an_author_as_approver():
    experiment = written(an_operator(), service="platform/web")
    with pytest.raises(Exception, match="experiment_second_person"):
        Experiment.objects.filter(pk=experiment.pk).update(approved_by=experiment.created_by)


def test_in_a_sandbox_nobody_has_to_approve():
    assert written(an_operator()).state == "approved"
    reaching_out = [{"mode": "latency", "delay_ms": 5, "service": "platform/web"}]
    assert written(an_operator(), method=reaching_out).state == "awaiting_approval"
    assert written(an_operator(), service="", route="api").state == "awaiting_approval"
    assert written(an_operator(), method=[{"mode": "cpu", "percent": 5}]).state == "awaiting_approval"


def test_only_operators_write_approve_start_and_stop():
    admin = a_member(an_organization(), "admin", staff=True)
    experiment = written(an_operator(), service="platform/web")
    given = {"actor": admin, "experiment_id": experiment.pk, "now": clock.now()}
    for deed in (
        lambda: written(admin),
        lambda: chaos.submit_experiment(**given),
        lambda: chaos.approve_experiment(**given, reason="Fine"),
        lambda: chaos.run_experiment(**given),
        lambda: chaos.stop_experiment(**given, reason="Fine"),
        lambda: chaos.engage_kill_switch(actor=admin, reason="Fine", now=clock.now()),
        lambda: chaos.release_kill_switch(actor=admin, reason="Fine", now=clock.now()),
    ):
        with pytest.raises(PermissionMissing):
            deed()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"service": "sandbox/nobody"}, "no service"),
        ({"service": "", "route": ""}, "either"),
        ({"percent": 0}, "percent"),
        ({"duration_s": 0}, "duration_s"),
        ({"name": " "}, "name"),
        ({"header": "a b"}, "header"),
        ({"probe_path": "web"}, "probe_path"),
        ({"method": []}, "method"),
        ({"method": [{"mode": "magic"}]}, "method[0].mode"),
        ({"method": [{"mode": "latency", "delay_ms": 1_001}]}, "delay_ms"),
        ({"method": [{"mode": "latency", "delay_ms": 5, "extra": 1}]}, "extra"),
        ({"method": [{"mode": "abort", "status": 200}]}, "status"),
        ({"method": [{"mode": "cpu", "percent": 101}]}, "percent"),
        ({"method": [{"mode": "unhealthy"}]}, "instance"),
        ({"method": [{"mode": "kill"}]}, "process"),
        ({"method": [{"mode": "latency", "delay_ms": 5, "after_s": 2}]}, "after_s"),
        ({"method": [{"mode": "cascade", "depth": 2}]}, "cascade"),
        ({"method": [{"mode": "latency", "delay_ms": 5}] * 9}, "at most 8"),
        ({"method": [{"mode": "latency", "delay_ms": 5, "service": "platform/postgresql"}]}, "not possible"),
        ({"method": [{"mode": "database_latency", "delay_ms": 5}]}, "not possible"),
        ({"method": [{"mode": "redis_latency", "delay_ms": 5, "service": "platform/postgresql"}]}, "not possible"),
        ({"hypothesis": []}, "hypothesis"),
        ({"hypothesis": [{"metric": "luck", "limit": 1}]}, "metric"),
        ({"safety": [{"metric": "error_percent", "limit": 101}]}, "limit"),
        ({"source": "calls", "service": "", "route": "api"}, "source"),
        ({"repeat_s": 60}, "repeat_s"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_is_refused_by_name_and_nothing_is_written(fields, word):
    operator = an_operator()
    with pytest.raises(InvalidExperiment) as refused:
        chaos.create_experiments(actor=operator, drafts=[a_draft(), a_draft(**fields)], now=clock.now())
    assert word in refused.value.message
    assert not Experiment.objects.exists()


def test_many_experiments_are_written_at_once_as_they_were_given():
    operator = an_operator()
    drafts = [a_draft(name=f"Tab\\t and {number} ünï", percent=0.5 + number) for number in range(50)]
    ids = chaos.create_experiments(actor=operator, drafts=drafts, now=clock.now())
    rows = Experiment.objects.in_bulk(ids)
    assert [rows[Experiment._meta.pk.to_python(pk)].name for pk in ids] == [draft.name for draft in drafts]
    assert {row.created_by for row in rows.values()} == {operator}


def test_a_schedule_takes_its_next_turn_and_does_not_make_up_for_missed_ones():
    experiment = written(an_operator(), starts_at=clock.now(), repeat_s=60)
    first = experiment.starts_at
    _let_go(experiment, Experiment.State.COMPLETED, first + timedelta(seconds=125))
    experiment.refresh_from_db()
    assert (experiment.state, experiment.starts_at) == ("approved", first + timedelta(seconds=180))
    _let_go(experiment, Experiment.State.STOPPED, first + timedelta(seconds=190))
    experiment.refresh_from_db()
    assert (experiment.state, experiment.starts_at) == ("stopped", None)


def test_a_cascade_follows_declared_and_observed_dependencies_with_its_pauses():
    database, orders, web, _ = (a_service("sandbox", name) for name in ("data", "orders", "shop", "page"))
    now = clock.now()
    Dependency.objects.create(caller=orders, called=database, created_at=now)
    Dependency.objects.create(caller=web, called=orders, created_at=now)
    ServiceCall.objects.create(
        trace_id="t", caller="page", mesh="sandbox", service="shop", method="GET", path="/", status=200, attempts=1,
        duration_us=1, node="n", at=now,
    )  # fmt: skip
    steps = [{"mode": "cascade", "status": 503, "depth": 3, "spread_ms": 400}]
    operator = an_operator()
    experiment = written(operator, service="sandbox/data", method=steps)
    run = Run(experiment=experiment, node="n", started_by=operator, started_at=now, led_until=now)
    faults = planned(run, experiment, now=now)
    assert [(each.service, each.kind, each.amount) for each in faults] == [
        (f"sandbox/{name}", "abort", 503) for name in ("data", "orders", "shop", "page")
    ]
    assert [each.begins_at - now for each in faults] == [timedelta(milliseconds=400 * step) for step in range(4)]
    assert {each.expires_at for each in faults} == {now + timedelta(seconds=experiment.duration_s)}


def test_an_experiment_on_a_route_makes_faults_of_the_route():
    operator, now = an_operator(), clock.now()
    steps = [{"mode": "latency", "delay_ms": 50}, {"mode": "abort", "status": 500, "after_s": 1, "for_s": 1}]
    experiment = written(operator, service="", route="api", method=steps, percent=12.5, header="x-tester")
    run = Run.objects.create(experiment=experiment, node="n", started_by=operator, started_at=now, led_until=now)
    InjectedFault.objects.bulk_create(planned(run, experiment, now=now))
    InjectedFault.objects.update(applied_at=now)
    given = {"experiment": str(experiment.pk), "route": "api", "percent": 12.5, "header": "x-tester"}
    delay, abort = Fault(kind="delay", delay_ms=50, **given), Fault(kind="abort", status=500, **given)
    assert active_faults(now) == [delay, abort]
    assert active_faults(now + timedelta(seconds=2)) == []  # past its end a fault is not rendered, lifted or not


def test_calls_that_pass_through_the_mesh_are_a_source_too():
    now = clock.now()
    calls = Calls("sandbox/web", now=now)
    for status, service in ((200, "web"), (503, "web"), (500, "other")):
        ServiceCall.objects.create(
            trace_id="t", mesh="sandbox", service=service, method="GET", path="/", status=status, attempts=1,
            duration_us=1_500, node="n", at=now,
        )  # fmt: skip
    assert [(each.duration_us, each.status) for each in calls.take()] == [(1_500, 200), (1_500, 503)]
    assert calls.take() == []


def test_a_tcp_service_has_a_door_that_tells_its_changes_apart():
    operator, now = an_operator(), clock.now()
    database = a_service("platform", "postgresql", protocol="tcp", type="trading")
    an_instance(database, Endpoint(address="127.0.0.1", port=5_433))
    assert [(each.key, each.socket, each.revision) for each in doors()] == [
        ("platform/postgresql", "@sockets/.s.PGSQL.5433", 0)
    ]
    experiment = written(operator, service="platform/postgresql", method=[{"mode": "database_latency", "delay_ms": 5}])
    run = Run.objects.create(experiment=experiment, node="n", started_by=operator, started_at=now, led_until=now)
    InjectedFault.objects.bulk_create(planned(run, experiment, now=now))
    assert doors()[0].revision == 0
    InjectedFault.objects.update(applied_at=now)
    assert doors()[0].revision == 1
    InjectedFault.objects.update(lifted_at=now)
    assert doors()[0].revision == 2


def test_a_cascade_ends_where_callers_call_one_another():
    graph = {"a": {"b"}, "b": {"a", "c"}, "c": {"b"}}
    assert cascade(graph, "a", 5) == [("a", 0), ("b", 1), ("c", 2)]
    assert cascade(graph, "a", 1) == [("a", 0), ("b", 1)]


def test_every_template_is_an_experiment_that_can_be_written_and_every_failure_mode_has_one():
    operator = an_operator()
    targets = {"database_latency": "platform/postgresql", "redis_latency": "platform/redis"}
    drafts = [
        ExperimentDraft(**{**template.fields, "service": targets.get(template.mode, "platform/web")})
        for template in TEMPLATES.values()
    ]
    assert len(chaos.create_experiments(actor=operator, drafts=drafts, now=clock.now())) == len(drafts)
    assert {template.mode for template in TEMPLATES.values()} >= {
        "latency", "abort", "reset", "bandwidth", "unhealthy", "kill", "cascade", "cpu", "memory", "database_latency",
        "redis_latency",
    }  # fmt: skip

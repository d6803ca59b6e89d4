"""What a node does to its own host is bounded, strikes only what it was told, and ends with its parent."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from mesh.chaos import services as chaos
from mesh.chaos.errors import ProcessNotKillable
from mesh.chaos.hosting import Stress, Supervised, kill, register_processes
from mesh.chaos.models import Run
from opinion_market.kernel import clock
from tests.mesh.chaos.scene import a_draft, a_service, an_operator, phase_of, run_of

MIB = 1 << 20


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def stress():
    found = Stress()
    yield found
    found.end_all()


def registered(process, *, started_s=None):
    started = psutil.Process(process.pid).create_time() if started_s is None else started_s
    supervised = Supervised(name="worker", pid=process.pid, started_s=started)
    register_processes(node="here", processes=[supervised], now=clock.now())


@pytest.mark.django_db
def test_a_registered_process_is_killed(sleeper):
    registered(sleeper)
    kill(node="here", name="worker")
    assert sleeper.wait(timeout=2) == -9


@pytest.mark.django_db
def test_a_recycled_pid_is_never_killed(sleeper):
    registered(sleeper, started_s=psutil.Process(sleeper.pid).create_time() - 5)
    with pytest.raises(ProcessNotKillable):
        kill(node="here", name="worker")
    assert sleeper.poll() is None


@pytest.mark.django_db
def test_neither_another_nodes_process_nor_one_that_left_the_list_is_killed(sleeper):
    registered(sleeper)
    with pytest.raises(ProcessNotKillable):
        kill(node="elsewhere", name="worker")
    register_processes(node="here", processes=[], now=clock.now())
    with pytest.raises(ProcessNotKillable):
        kill(node="here", name="worker")
    assert sleeper.poll() is None


def cpu_seconds(pid):
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def test_cpu_stress_uses_its_share_of_every_cpu(stress):
    stress.start_cpu(1, percent=40, seconds=30)
    pids = [child.pid for child in stress.children[1]]
    assert len(pids) == os.cpu_count()
    time.sleep(0.5)  # the interpreter's own start
    before = [cpu_seconds(pid) for pid in pids]
    begun = time.monotonic()
    time.sleep(1.0)
    used = sum(cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True))
    share = used / (time.monotonic() - begun) / len(pids)
    # A busy machine gives less than what is asked for; it is never more.
    assert 0.05 < share < 0.5
    stress.end(1)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_memory_pressure_is_really_there_and_ends_at_its_deadline(stress):
    stress.start_memory(1, mib=64, seconds=1.0)
    (child,) = stress.children[1]
    held, deadline = 0, time.monotonic() + 5
    while held < 64 * MIB and time.monotonic() < deadline and child.poll() is None:
        held = psutil.Process(child.pid).memory_info().rss
        time.sleep(0.02)
    assert 64 * MIB <= held < 128 * MIB
    assert child.wait(timeout=5) == 0


def test_more_memory_than_half_of_what_is_free_is_refused(stress):
    with pytest.raises(ValueError, match="more than half"):
        stress.start_memory(1, mib=psutil.virtual_memory().available // MIB, seconds=1)


def is_alive(process):
    """A zombie is dead: it only waits to be reaped by whoever inherited it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_stress_dies_with_its_parent():
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        stress = Stress()
        stress.start_memory(1, mib=8, seconds=60)
        os.write(writing, f"{stress.children[1][0].pid}\n".encode())
        time.sleep(60)
        os._exit(0)
    child = psutil.Process(int(os.read(reading, 20)))
    time.sleep(0.3)  # past its first look at its parent
    os.kill(parent, 9)
    os.waitpid(parent, 0)
    deadline = time.monotonic() + 2
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(child)
    os.close(reading)
    os.close(writing)


def test_a_run_kills_a_process_of_its_node_and_stresses_the_host(loop, sleeper):
    registered(sleeper)
    writer, other = an_operator(), an_operator()
    draft = a_draft(
        method=[{"mode": "kill", "process": "worker", "node": "here"}, {"mode": "cpu", "percent": 20}],
        duration_s=1,
        hypothesis=[{"metric": "error_percent", "limit": 50}],
    )
    experiment = chaos.create_experiment(actor=writer, draft=draft, now=clock.now())
    assert experiment.state == "awaiting_approval"  # a host is never a sandbox
    chaos.approve_experiment(actor=other, experiment_id=experiment.pk, reason="Agreed", now=clock.now())
    chaos.run_experiment(actor=writer, experiment_id=experiment.pk, now=clock.now())
    loop.until(lambda: phase_of(experiment) == Run.Phase.INJECTING and sleeper.poll() is not None)
    assert sleeper.returncode == -9
    children = [child.pid for each in loop.runner.leading for own in each.stress.children.values() for child in own]
    assert children
    loop.until(lambda: phase_of(experiment) == Run.Phase.COMPLETED)
    assert run_of(experiment).score is not None
    assert not any(psutil.pid_exists(pid) for pid in children)


def test_a_process_that_may_not_be_killed_fails_the_run(loop):
    a_service("sandbox", "web")
    writer, other = an_operator(), an_operator()
    draft = a_draft(method=[{"mode": "kill", "process": "postgres"}])
    experiment = chaos.create_experiment(actor=writer, draft=draft, now=clock.now())
    chaos.approve_experiment(actor=other, experiment_id=experiment.pk, reason="Agreed", now=clock.now())
    chaos.run_experiment(actor=writer, experiment_id=experiment.pk, now=clock.now())
    loop.until(lambda: phase_of(experiment) == Run.Phase.FAILED)
    assert "may be killed" in run_of(experiment).reason

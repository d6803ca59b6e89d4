"""A sandbox mesh behind a real Envoy, operators, and a controller's loop that carries experiments out on it."""

import time

from mesh.chaos import services as chaos
from mesh.chaos.drafts import ExperimentDraft
from mesh.chaos.models import Run
from mesh.chaos.probes import Doorways
from mesh.chaos.runner import Runner
from mesh.chaos.selectors import active_faults
from mesh.registry.models import Instance, Mesh, Service
from opinion_market.kernel import clock
from tests.governance.people import a_user

SERVICE = "sandbox/web"
STEADY = [{"metric": "error_percent", "limit": 5}, {"metric": "p50_ms", "limit": 150}]
LOOSE = [{"metric": "error_percent", "limit": 100}]


def a_service(mesh="sandbox", name="web", **fields):
    """A registered service; its traffic is the plane's affair."""
    now = clock.now()
    found, _ = Mesh.objects.get_or_create(name=mesh, defaults={"created_at": now})
    given = {"type": "trading", "created_at": now, "updated_at": now, **fields}
    return Service.objects.get_or_create(mesh=found, name=name, defaults=given)[0]


def a_draft(**fields):
    given = {
        "name": "What if it is slow?", "service": SERVICE, "hypothesis": STEADY, "safety": LOOSE,
        "method": [{"mode": "latency", "delay_ms": 250}], "duration_s": 2, "baseline_s": 1, "recovery_s": 6,
        "probe_rate": 40, "probe_timeout_ms": 600,
    }  # fmt: skip
    return ExperimentDraft(**{**given, **fields})


def an_operator():
    return a_user(superuser=True, staff=True)


class Loop:
    """What the controller does: tick, and publish what changed."""

    def __init__(self, plane, node="here"):
        self.plane = plane
        self.runner = Runner(node=node, doorways=Doorways(sockets=plane.folder))

    def turn(self):
        self.runner.tick(clock.now())
        self.plane.publish(active_faults(clock.now()))

    def until(self, condition, *, seconds=15.0):
        """Turn until it is so; answers the seconds that took."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < seconds, [vars(run) for run in Run.objects.all()]
            self.turn()
            time.sleep(0.05)
        return time.monotonic() - begun

    def close(self):
        self.runner.close()
        self.plane.publish([])


def ready(operator, **fields):
    """An experiment in the sandbox that was asked to run."""
    found = chaos.create_experiment(actor=operator, draft=a_draft(**fields), now=clock.now())
    return chaos.run_experiment(actor=operator, experiment_id=found.pk, now=clock.now())


def run_of(experiment):
    return Run.objects.filter(experiment=experiment).order_by("-id").first()


def phase_of(experiment):
    run = run_of(experiment)
    return run.phase if run else ""


def an_instance(service, endpoint):
    return Instance.objects.create(
        service=service, address=endpoint.address, port=endpoint.port, registered_at=clock.now()
    )

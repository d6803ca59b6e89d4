"""Where a run's figures come from: its own probes, or the service's calls as Envoy logged them."""

from datetime import datetime
from typing import Protocol

from mesh.chaos.measuring import Observation
from mesh.chaos.models import Experiment
from mesh.chaos.probes import PING, SSL_REQUEST, Doorways, HttpProbe, Prober, TcpProbe
from mesh.chaos.selectors import doors
from mesh.client.models import ServiceCall
from opinion_market.kernel import clock

MESH_SOCKET = "@sockets/mesh.sock"


class Source(Protocol):
    """Gives what was observed since it was asked last."""

    def take(self) -> list[Observation]: ...

    def close(self) -> None: ...


class Calls:
    """Calls of a service through the mesh listener, from the rows that the access log becomes."""

    def __init__(self, service: str, *, now: datetime) -> None:
        self.mesh, _, self.service = service.partition("/")
        newest = ServiceCall.objects.order_by("-id").values_list("id", flat=True).first()
        self.last = newest or 0
        self.begun_at = now

    def take(self) -> list[Observation]:
        rows = ServiceCall.objects.filter(
            id__gt=self.last, mesh=self.mesh, service=self.service, at__gte=self.begun_at
        ).order_by("id")
        found = []
        for pk, at, duration_us, status in rows.values_list("id", "at", "duration_us", "status"):
            self.last = pk
            found.append(Observation(clock.microseconds(at), duration_us, status))
        return found

    def close(self) -> None:
        """Nothing is held."""


def source_for(experiment: Experiment, doorways: Doorways, *, now: datetime) -> Source:
    """What an experiment measures by. Its probes carry the header of the blast radius: they are among those it strikes."""
    if experiment.source == Experiment.Source.CALLS:
        return Calls(experiment.service, now=now)
    return Prober(probe_for(experiment, doorways), rate=experiment.probe_rate)


def probe_for(experiment: Experiment, doorways: Doorways) -> HttpProbe | TcpProbe:
    """The probe of an experiment: through the door of a TCP service, the mesh listener, or the front door."""
    timeout_s = experiment.probe_timeout_ms / 1_000
    door = next((each for each in doors() if each.key == experiment.service), None)
    if door is not None:
        question = PING if door.is_redis else SSL_REQUEST
        return TcpProbe(socket=doorways.of(door.socket), question=question, timeout_s=timeout_s)
    headers = {experiment.header: experiment.header_value or "1"} if experiment.header else {}
    if experiment.route:
        return HttpProbe(base_url=doorways.front_door, path=experiment.probe_path, headers=headers, timeout_s=timeout_s)
    mesh, _, name = experiment.service.partition("/")
    return HttpProbe(
        base_url=f"http://{name}.{mesh}",
        path=experiment.probe_path,
        headers=headers,
        socket=doorways.of(MESH_SOCKET),
        timeout_s=timeout_s,
    )

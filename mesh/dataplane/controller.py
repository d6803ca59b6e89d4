"""The control loop of one node: hears of changes, hands them to Envoy, and writes back what Envoy sees.

Every duty stands alone: one that fails is told once and tried again, and the others go on. While the database is away Envoy
serves what it has; this process may be killed at any line, and the next one begins where it stopped.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from mesh.chaos.probes import Doorways
from mesh.chaos.runner import Runner
from mesh.client import call_log
from mesh.dataplane import disk, documents, roster, services
from mesh.dataplane.collecting import ROTATED_AT_BYTES, Collector
from mesh.dataplane.envoy_admin import EnvoyAdmin, EnvoyUnreachable
from mesh.dataplane.localising import localise
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot, Node
from mesh.dataplane.observing import Observer
from mesh.dataplane.publishing import PublicationRefused, Publisher
from mesh.dataplane.spec import Host
from mesh.gateway import request_log
from mesh.registry import instances
from opinion_market.kernel.clock import now as clock_now
from opinion_market.platform.addresses import ANYWHERE

log = logging.getLogger(__name__)

_TICK_S = 0.1
_OBSERVED_EVERY_S = 1.0
_SWEPT_EVERY_S = 1.0
_ROSTER_EVERY_S = 1.0
_COLLECTED_EVERY_S = 0.5
# What comes in a burst (a fleet that registers) is published together.
_FOLLOWED_EVERY_S = 0.25
_LOOKED_ANYWAY_EVERY_S = 30.0
_RECONNECT_S = 0.5

State = ConfigSnapshot.State


def _parameters() -> dict[str, Any]:
    """How Django reaches the database, for a connection that only listens."""
    given = connection.get_connection_params()
    return {name: given[name] for name in ("dbname", "user", "password", "host", "port") if given.get(name)}


def _front_door(host: Host) -> str:
    """Where this node reaches its own front door."""
    address = host.addresses[0] if host.addresses else "127.0.0.1"
    address = "127.0.0.1" if address in ANYWHERE else address
    return f"http://[{address}]:{host.port}" if ":" in address else f"http://{address}:{host.port}"


class Controller:
    """One node's control loop. Single-threaded; `stop` ends it within a tick."""

    def __init__(
        self,
        host: Host,
        admin_socket: Path,
        *,
        clock: Callable[[], datetime] = clock_now,
        log_bytes: int = ROTATED_AT_BYTES,
    ) -> None:
        self.stop = threading.Event()
        self._host = host
        self._clock = clock
        self._admin = EnvoyAdmin(admin_socket)
        self._publisher = Publisher(Path(host.config), self._admin)
        self._observer = Observer(host.node, self._admin)
        self._collectors = [
            Collector(host.node, Path(host.logs, "mesh.json"), call_log.record, log_bytes),
            Collector(host.node, Path(host.logs, "front_door.json"), request_log.record, log_bytes),
        ]
        self._runner = Runner(
            node=host.node,
            doorways=Doorways(sockets=Path(host.sockets), front_door=_front_door(host)),
        )
        # The snapshot that this node's folder holds, and that Envoy has told to run.
        self._published: int | None = None
        self._acknowledged: int | None = None
        self._trouble = ""
        self._instances_changed = True
        self._due: dict[str, float] = {}
        self._failing: set[str] = set()

    def run(self) -> None:
        """Go on until `stop` is set."""
        known = disk.published(Path(self._host.config))
        self._published = known[0] if known else None
        while not self.stop.is_set():
            try:
                with psycopg.connect(**_parameters(), autocommit=True) as listening:
                    listening.execute(f"LISTEN {services.CHANNEL}")
                    listening.execute(f"LISTEN {instances.CHANNEL}")
                    self._observer.remember()
                    self._instances_changed = True
                    while not self.stop.is_set():
                        self._hear(listening)
                        self.tick()
            except (psycopg.OperationalError, OperationalError, InterfaceError) as error:
                log.warning("The mesh's controller lost the database and tries again: %s", error)
                connection.close()
                self.stop.wait(_RECONNECT_S)
        self._runner.close()
        self._admin.close()
        connection.close()

    def tick(self) -> None:
        """Every duty that is due, once."""
        close_old_connections()
        # A notification may be lost with the connection: everything is looked at now and then.
        self._instances_changed |= self._is_due("look anyway", _LOOKED_ANYWAY_EVERY_S)
        if self._instances_changed and self._is_due("follow", _FOLLOWED_EVERY_S):
            self._instances_changed = False
            with self._duty("following the registry"):
                services.follow_instances(now=self._clock())
        with self._duty("experiments"):
            self._runner.tick(self._clock())
        with self._duty("publishing"):
            self.publish_newest()
        if self._is_due("sweep", _SWEPT_EVERY_S):
            with self._duty("sweeping leases"):
                instances.sweep(now=self._clock())
        if self._is_due("observe", _OBSERVED_EVERY_S):
            with self._duty("observing"):
                self._observe()
        if self._is_due("roster", _ROSTER_EVERY_S):
            with self._duty("telling which processes may be killed"):
                roster.register(self._host, now=self._clock())
        if self._is_due("collect", _COLLECTED_EVERY_S):
            with self._duty("collecting"):
                for collector in self._collectors:
                    collector.collect()
                    collector.rotate(self._admin)

    def publish_newest(self) -> None:
        """Hand the newest snapshot to Envoy, if this node has not got it yet."""
        newest = ConfigSnapshot.objects.order_by("-pk").values_list("pk", flat=True).first()
        if newest is None or newest == self._acknowledged:
            return
        snapshot = ConfigSnapshot.objects.get(pk=newest)
        resources = documents.loaded(snapshot.resources)
        wanted = documents.documents(localise(resources, self._host))
        started = time.monotonic()
        try:
            if newest != self._published:
                self._publisher.publish(wanted)
                disk.note_published(Path(self._host.config), newest, documents.dumped(resources))
                self._published = newest
            if not self._publisher.is_taken(wanted):
                return
        except PublicationRefused as error:
            self._trouble = error.message
            self._acknowledge(snapshot, accepted=False, message=error.message, started=started)
            return
        self._trouble = ""
        self._acknowledge(snapshot, accepted=True, message="", started=started)

    def _acknowledge(self, snapshot: ConfigSnapshot, *, accepted: bool, message: str, started: float) -> None:
        now = self._clock()
        self._acknowledged = snapshot.pk
        Node.objects.update_or_create(
            name=self._host.node,
            defaults={"last_seen_at": now},
            create_defaults={"first_seen_at": now, "last_seen_at": now},
        )
        Acknowledgement.objects.update_or_create(
            node_id=self._host.node,
            snapshot=snapshot,
            defaults={
                "is_accepted": accepted,
                "message": message[:500],
                "took_ms": round((time.monotonic() - started) * 1000),
                "at": now,
            },
        )
        if not accepted:
            ConfigSnapshot.objects.filter(pk=snapshot.pk).update(state=State.FAILED)
            return
        Node.objects.filter(pk=self._host.node).update(snapshot=snapshot, acknowledged_at=now)
        ConfigSnapshot.objects.filter(pk__lt=snapshot.pk, state__in=(State.LIVE, State.PENDING)).update(
            state=State.REPLACED
        )
        ConfigSnapshot.objects.filter(pk=snapshot.pk).update(state=State.LIVE)

    def _observe(self) -> None:
        now = self._clock()
        trouble = self._trouble
        try:
            self._observer.observe(now=now)
        except EnvoyUnreachable as error:
            trouble = error.message
        self._observer.report(snapshot=self._acknowledged, trouble=trouble, now=now)

    def _hear(self, listening: psycopg.Connection) -> None:
        for heard in listening.notifies(timeout=_TICK_S, stop_after=1):
            if heard.channel == instances.CHANNEL:
                self._instances_changed = True

    def _is_due(self, duty: str, every_s: float) -> bool:
        now_s = time.monotonic()
        if now_s < self._due.get(duty, 0.0):
            return False
        self._due[duty] = now_s + every_s
        return True

    @contextmanager
    def _duty(self, name: str) -> Iterator[None]:
        """A process edge: what fails is told when it begins to fail, and does not keep the other duties from being done."""
        try:
            yield
        except (OperationalError, InterfaceError):
            raise
        except EnvoyUnreachable as error:
            self._told(name, error.message)
        except Exception:
            if name not in self._failing:
                log.exception("The mesh's controller failed at %s", name)
            self._failing.add(name)
        else:
            self._failing.discard(name)

    def _told(self, name: str, message: str) -> None:
        if name not in self._failing:
            log.warning("The mesh's controller waits with %s: %s", name, message)
        self._failing.add(name)

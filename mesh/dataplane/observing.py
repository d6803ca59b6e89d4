"""What Envoy sees, written back: the health of instances, open circuits, and the node itself.

Envoy tells the moment; the rows keep the history. With several nodes the last change that any of them saw stands.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Concat

from mesh.dataplane.envoy_admin import EnvoyAdmin
from mesh.dataplane.models import Node
from mesh.registry.models import CircuitChange, Instance, Service

State = CircuitChange.State
Health = Instance.Health

_CAUSES: dict[str, str] = {State.HALF_OPEN: "let in again", State.CLOSED: "answered well"}
_BREAKER = re.compile(
    r"cluster[.](?P<cluster>[^.]+)[.](?P<what>circuit_breakers[.]default[.]\w+_open|upstream_\w+_overflow)"
)
_PATTERN = r"^cluster[.][^.]+[.](circuit_breakers[.]default[.]\w+_open|upstream_\w+_overflow)$"


@dataclass(frozen=True, slots=True)
class Seen:
    """One instance as Envoy has it: its health, and how many requests it answered well and badly so far."""

    health: str
    succeeded: int
    failed: int


@dataclass(slots=True)
class Observer:
    """Remembers what was seen last, so that only changes are written. One per node."""

    node: str
    admin: EnvoyAdmin
    # By service key, and by service key and address.
    _circuits: dict[tuple[str, str], str] = field(default_factory=dict)
    _instances: dict[tuple[str, str], Seen] = field(default_factory=dict)
    _overflows: dict[str, int] = field(default_factory=dict)

    def remember(self) -> None:
        """Read the circuits as this node left them. Once, at its start."""
        rows = (
            CircuitChange.objects.filter(node=self.node)
            .annotate(key=Concat("service__mesh__name", Value("/"), "service__name"))
            .order_by("service_id", "instance", "-id")
            .distinct("service_id", "instance")
        )
        self._circuits = {
            (key, instance): after for key, instance, after in rows.values_list("key", "instance", "after")
        }

    def observe(self, *, now: datetime) -> None:
        """Look once. Raises EnvoyUnreachable with nothing written."""
        seen = _instances_in(self.admin.clusters())
        breakers = self.admin.statistics(_PATTERN)
        services = dict(Service.objects.annotate(key=Concat("mesh__name", Value("/"), "name")).values_list("key", "pk"))
        changes = [
            *self._instance_changes(seen, services, now=now),
            *self._breaker_changes(breakers, services, now=now),
        ]
        CircuitChange.objects.bulk_create(changes)
        self._write_health(seen, now=now)
        self._instances = seen

    def report(self, *, snapshot: int | None, trouble: str, now: datetime) -> None:
        """Tell that this node is alive, and what its Envoy is. Never raises EnvoyUnreachable."""
        facts: dict[str, Any] = {"last_seen_at": now, "snapshot_id": snapshot, "trouble": trouble[:500]}
        if not trouble:
            server = self.admin.server()
            facts |= {
                "envoy_version": server.version.split("/")[1] if "/" in server.version else server.version,
                "is_envoy_live": server.state == "LIVE",
                "memory_bytes": self.admin.memory_bytes(),
            }
        else:
            facts["is_envoy_live"] = False
        Node.objects.update_or_create(name=self.node, defaults=facts, create_defaults={**facts, "first_seen_at": now})

    def _instance_changes(
        self, seen: Mapping[tuple[str, str], Seen], services: Mapping[str, UUID], *, now: datetime
    ) -> list[CircuitChange]:
        changes = []
        for (key, address), instance in seen.items():
            before = self._circuits.get((key, address), State.CLOSED)
            after = self._instance_state(before, instance, self._instances.get((key, address)))
            if after != before and key in services:
                cause = _CAUSES.get(after, instance.health)
                self._circuits[key, address] = after
                changes.append(self._change(services[key], address, before, after, cause, now))
        return changes

    @staticmethod
    def _instance_state(before: str, instance: Seen, last: Seen | None) -> str:
        """Open while left out; half-open once it is let in again; closed when it has answered a request well."""
        if instance.health in {Health.EJECTED, Health.UNHEALTHY}:
            return State.OPEN
        if before == State.OPEN:
            return State.HALF_OPEN
        if before == State.HALF_OPEN:
            has_answered = last is not None and instance.succeeded > last.succeeded
            return State.CLOSED if has_answered else State.HALF_OPEN
        return State.CLOSED

    def _breaker_changes(
        self, statistics: Mapping[str, int | str], services: Mapping[str, UUID], *, now: datetime
    ) -> list[CircuitChange]:
        is_open: dict[str, str] = {}
        for name, value in statistics.items():
            match = _BREAKER.fullmatch(name)
            if match is None:
                continue
            key = match["cluster"].partition("@")[0]
            cause = is_open.setdefault(key, "")
            if match["what"].endswith("_overflow"):
                # A breaker may open and close again between two looks; what it refused remains counted.
                has_risen = int(value) > self._overflows.get(name, int(value))
                self._overflows[name] = int(value)
                cause = cause or (match["what"] if has_risen else "")
            elif int(value):
                cause = match["what"].rpartition(".")[2]
            is_open[key] = cause
        changes = []
        for key, cause in is_open.items():
            before = self._circuits.get((key, ""), State.CLOSED)
            after = State.OPEN if cause else State.CLOSED
            if after != before and key in services:
                self._circuits[key, ""] = after
                changes.append(self._change(services[key], "", before, after, cause or "below the limits", now))
        return changes

    def _change(
        self, service: UUID, instance: str, before: str, after: str, cause: str, now: datetime
    ) -> CircuitChange:
        return CircuitChange(
            service_id=service, instance=instance, node=self.node, before=before, after=after, cause=cause[:120], at=now
        )

    def _write_health(self, seen: Mapping[tuple[str, str], Seen], *, now: datetime) -> None:
        """Only what differs from the rows, one statement for each kind of health."""
        rows = Instance.objects.annotate(
            key=Concat("service__mesh__name", Value("/"), "service__name"), check_kind=F("service__health_check")
        ).values_list("pk", "key", "address", "port", "socket", "node", "health", "check_kind")
        differing: dict[str, list[UUID]] = {}
        for pk, key, address, port, socket, node, health, check_kind in rows:
            if socket and node != self.node:
                continue
            known = seen.get((key, socket or address_text(str(address), port)))
            found = known.health if known is not None else Health.UNKNOWN
            if known is not None and found == Health.UNKNOWN and (check_kind != "none" or known.succeeded):
                found = Health.HEALTHY
            if found != health:
                differing.setdefault(found, []).append(pk)
        for found, instances in differing.items():
            Instance.objects.filter(pk__in=instances).update(health=found, health_since=now)


def address_text(address: str, port: int | None) -> str:
    """As Envoy writes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _instances_in(clusters: list[dict[str, Any]]) -> dict[tuple[str, str], Seen]:
    found: dict[tuple[str, str], Seen] = {}
    for cluster in clusters:
        key = str(cluster["name"]).partition("@")[0]
        for host in cluster.get("host_statuses", []):
            found[key, _address(host["address"])] = _seen(host)
    return found


def _address(address: dict[str, Any]) -> str:
    if "pipe" in address:
        return str(address["pipe"]["path"]).rpartition("/")[2]
    socket = address["socket_address"]
    return address_text(socket["address"], socket["port_value"])


def _seen(host: dict[str, Any]) -> Seen:
    status = host.get("health_status", {})
    counters = {each["name"]: int(each.get("value", 0)) for each in host.get("stats", [])}
    health: str = Health.UNKNOWN
    if status.get("failed_active_health_check"):
        health = Health.UNHEALTHY
    elif status.get("failed_outlier_check"):
        health = Health.EJECTED
    return Seen(health, counters.get("rq_success", 0), counters.get("rq_error", 0))

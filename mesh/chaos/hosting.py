"""What a node does to its own host: stress in child processes, and killing processes that its supervisor started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil
from django.db import transaction

from mesh.chaos.errors import ProcessNotKillable
from mesh.chaos.fault_models import KillableProcess

# Of the memory that is free, at most this share is taken away, so that the kernel kills nobody.
MOST_MEMORY = 0.5
_MIB = 1 << 20
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """A process as its supervisor knows it. `started_s`: seconds since 1970, as psutil's create_time tells it."""

    name: str
    pid: int
    started_s: float
    service: str = ""


@transaction.atomic
def register_processes(*, node: str, processes: Iterable[Supervised], now: datetime) -> None:
    """Tell which processes of a node may be killed: exactly these. Called by the node's controller."""
    rows = [
        KillableProcess(
            node=node, name=each.name, service=each.service, pid=each.pid, started_s=each.started_s, seen_at=now
        )
        for each in processes
    ]
    KillableProcess.objects.filter(node=node).exclude(name__in=[row.name for row in rows]).delete()
    KillableProcess.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["node", "name"],
        update_fields=["service", "pid", "started_s", "seen_at"],
    )


def kill(*, node: str, name: str) -> KillableProcess:
    """SIGKILL a registered process of this node, if it is still the one that was registered. Raises ProcessNotKillable.

    The process is held by a pidfd before its start time is compared, so that the pid cannot change hands in between.
    """
    row = KillableProcess.objects.filter(node=node, name=name).first()
    if row is None:
        raise ProcessNotKillable(f"{node} has no process {name!r} that may be killed.")
    try:
        handle = os.pidfd_open(row.pid)
    except ProcessLookupError:
        raise ProcessNotKillable(f"{name} is not running.") from None
    try:
        with suppress(psutil.NoSuchProcess):
            if abs(psutil.Process(row.pid).create_time() - row.started_s) < 0.02:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                return row
    finally:
        os.close(handle)
    raise ProcessNotKillable(f"The process {row.pid} is not {name} any more.")


@dataclass
class Stress:
    """The children of this node that stress it, by fault."""

    children: dict[int, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    def start_cpu(self, fault: int, *, percent: int, seconds: float) -> None:
        """Use this share of every CPU of the host."""
        self.children[fault] = (
            [_child(seconds, "--cpu", percent) for _ in range(os.cpu_count() or 1)] if percent else []
        )

    def start_memory(self, fault: int, *, mib: int, seconds: float) -> None:
        """Hold memory. Raises ProcessNotKillable's sibling ValueError if the host has not twice as much free."""
        free_mib = psutil.virtual_memory().available // _MIB
        if mib > free_mib * MOST_MEMORY:
            raise ValueError(f"{mib} MiB would be more than half of the {free_mib} MiB that are free.")
        self.children[fault] = [_child(seconds, "--mib", mib)]

    def end(self, fault: int) -> None:
        """End the children of a fault; those that have ended are reaped."""
        for child in self.children.pop(fault, []):
            child.kill()
            child.wait()

    def end_all(self) -> None:
        for fault in list(self.children):
            self.end(fault)


def _child(seconds: float, option: str, amount: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mesh.chaos.stress", "--parent", str(os.getpid())]
    command += ["--seconds", f"{seconds:.3f}", option, str(amount)]
    # Its own session: a Ctrl-C in the terminal is the supervisor's affair.
    return subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, start_new_session=True)

"""Which processes of this node an experiment may kill: those that its supervisor says it started, and nobody else's."""

import json
import os
from datetime import datetime
from pathlib import Path

import psutil

from mesh.chaos.hosting import Supervised, register_processes
from mesh.dataplane.spec import ROSTER, Host

# The parts of the platform that these processes are, as services of the mesh.
_SERVICES = {
    "granian": "platform/web",
    "uvicorn": "platform/realtime",
    "worker": "platform/worker",
    "postgres": "platform/database",
    "redis": "platform/redis",
}
# Who carries the experiment out.
_ITSELF = {"mesh", "controller"}


def register(host: Host, *, now: datetime) -> None:
    """Read the supervisor's roster. It counts only for children of the process that started this one."""
    try:
        told: dict[str, int] = json.loads(Path(host.config, ROSTER).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        told = {}
    found = []
    for name, pid in told.items():
        try:
            process = psutil.Process(pid)
            if name not in _ITSELF and process.ppid() == os.getppid():
                found.append(
                    Supervised(name=name, pid=pid, started_s=process.create_time(), service=_SERVICES.get(name, ""))
                )
        except psutil.NoSuchProcess:
            continue
    register_processes(node=host.node, processes=found, now=now)

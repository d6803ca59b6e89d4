"""The servers and workers that make up the platform, as commands with their environment."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opinion_market.platform.instance import Instance

GRANIAN_SOCKET = "granian.sock"
UVICORN_SOCKET = "uvicorn.sock"


@dataclass(frozen=True)
class Service:
    """A process to keep running."""

    name: str
    command: tuple[str, ...]
    # Its own unix socket, removed before each start: a server does not bind to one a killed predecessor left.
    socket: Path | None = None
    # What it gets when the supervisor is killed. Killed outright, because a polite end may wait for servers that are
    # gone by then; all that matters has been committed.
    orphan_signal: signal.Signals = signal.SIGKILL


def python_module(module: str, *arguments: str) -> tuple[str, ...]:
    """Run a module with this interpreter: the scripts in .venv/bin break when the folder is moved."""
    return (sys.executable, "-m", module, *arguments)


def web_services(instance: Instance, *, web_threads: int) -> list[Service]:
    """granian for HTTP, uvicorn for what stays open. One worker each: the sequencer batches best in one process."""
    granian, uvicorn = instance.private_sockets / GRANIAN_SOCKET, instance.private_sockets / UVICORN_SOCKET
    return [
        Service(
            "granian",
            python_module(
                "granian",
                *("--interface", "wsgi"),
                *("--uds", str(granian)),
                *("--workers", "1"),
                *("--blocking-threads", str(web_threads)),
                "--no-ws",
                "--respawn-failed-workers",
                *("--workers-kill-timeout", "5"),
                *("--log-level", "warning"),
                "opinion_market.platform.behind_envoy:wsgi",
            ),
            granian,
            orphan_signal=signal.SIGTERM,  # its worker is a process of its own, and would outlive a kill
        ),
        Service(
            "uvicorn",
            python_module(
                "markets.realtime.serving",
                "opinion_market.platform.behind_envoy:asgi",
                *("--uds", str(uvicorn)),
            ),
            uvicorn,
        ),
    ]


def background_services(instance: Instance, *, simulate: bool) -> list[Service]:
    """Celery's worker and scheduler, the mesh's controller; and the simulated traders of the demonstration markets, if wanted."""
    celery = ("-A", "opinion_market", "--skip-checks")
    # Gossip, mingle and heartbeats serve clusters of workers; here they are only idle traffic.
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    worker = ("worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "INFO", *alone)
    beat = ("beat", "--loglevel", "INFO", "--pidfile", "")
    services = [
        Service("worker", python_module("celery", *celery, *worker)),
        Service("beat", python_module("celery", *celery, *beat)),
    ]
    services.append(Service("mesh", (sys.executable, "manage.py", "run_mesh", "--controller")))
    if simulate:
        services.append(Service("simulation", (sys.executable, "manage.py", "simulate")))
    return services


def child_environment(base: Mapping[str, str], **settings: str) -> dict[str, str]:
    """The environment of every service: what the operator set, and over it what the supervisor decided."""
    inherited = {name: value for name, value in base.items() if name != "DJANGO_SETTINGS_MODULE"}
    # Python would hold back the last lines of a log that is a file.
    return {**inherited, "PYTHONUNBUFFERED": "1", **settings}

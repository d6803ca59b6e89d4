"""From an order's answer to the frame with its trade on somebody's screen, on the whole platform as `make run` starts it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from opinion_market.platform.instance import environment_file
from opinion_market.settings.env import BASE_DIR
from tools.bench.fanout import free_port

TRADERS = 32
FOLDER = BASE_DIR / "var" / "bench" / "platform"
STARTING_S = 180.0
# After the front door answers, the workers start, and load what they need.
WORKERS_START_S = 10.0
# What this process was told of its own servers; the platform has its own.
_NOT_INHERITED = {"DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "DJANGO_SETTINGS_MODULE", "SECRET_KEY", "SEAL_KEY"}


@dataclass(frozen=True, slots=True)
class Load:
    """orders_per_s: offered, for so many seconds; watchers: sockets on the market; `own`: each also on its owner's orders."""

    orders_per_s: int
    seconds: int
    watchers: int
    own: bool = False


def measure(load: Load) -> dict[str, Any]:
    """Start the platform, trade, stop it. Raises RuntimeError if anything is refused, lost or does not start."""
    with _platform() as (port, supervisor):
        venue = _printed("tools.bench.screen_venue", str(TRADERS), environment=_joining(port))
        job = {**venue, **asdict(load), "host": "127.0.0.1", "port": port}
        started, before = time.monotonic(), _used(supervisor)
        found = _printed("tools.bench.screen_client", given=json.dumps(job), environment=dict(os.environ))
        elapsed, after = time.monotonic() - started, _used(supervisor)
    cores = {name: round((after[name] - before.get(name, 0.0)) / elapsed, 2) for name in sorted(after)}
    return {**asdict(load), "traders": TRADERS, **found, "cores_used": cores}


def _printed(module: str, *arguments: str, environment: dict[str, str], given: str = "") -> dict[str, Any]:
    """What a program prints as JSON. Raises RuntimeError if it fails, which it explains on its standard error."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} failed.")
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@contextmanager
def _platform() -> Iterator[tuple[int, psutil.Process]]:
    """`make run` from nothing, without the simulated traders: its port and its supervisor."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    environment |= {"PORT": str(port), "DATA_DIR": str(FOLDER), "SIMULATE": "0"}
    output = FOLDER / "output.txt"
    with output.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "opinion_market.platform.run"],
            env=environment,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(running, port, output)
        yield port, psutil.Process(running.pid)
    finally:
        running.send_signal(signal.SIGINT)
        try:
            running.wait(60)
        finally:
            running.kill()
            running.wait()
    shutil.rmtree(FOLDER, ignore_errors=True)


def _await(running: subprocess.Popen[bytes], port: int, output: Path) -> None:
    until = time.monotonic() + STARTING_S
    while running.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                time.sleep(WORKERS_START_S)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"The platform did not start: {output.read_text(errors='replace')[-2_000:]}")


def _joining(port: int) -> dict[str, str]:
    """This process's environment with what the platform's processes were told."""
    told: dict[str, str] = json.loads(environment_file(FOLDER / str(port)).read_text(encoding="utf-8"))
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {**inherited, **told}


def _used(supervisor: psutil.Process) -> dict[str, float]:
    """Processor seconds so far, by kind of process."""
    found: dict[str, float] = {}
    for each in supervisor.children(recursive=True):
        try:
            times, name = each.cpu_times(), _kind(each.cmdline())
        except psutil.Error:  # it ended meanwhile
            continue
        found[name] = found.get(name, 0.0) + times.user + times.system
    return found


def _kind(command: list[str]) -> str:
    line = " ".join(command)
    names = {"granian": "granian", "realtime.serving": "hub", "celery": "celery", "envoy": "envoy", "redis": "redis"}
    return next((name for part, name in names.items() if part in line), "postgresql" if "postgres" in line else "other")

"""`make run` from nothing to a running platform and back, in a folder whose name has a space."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from opinion_market.settings.env import BASE_DIR
from tests.platform.processes import descendants, eventually, mentioning

RUN = (sys.executable, "-m", "opinion_market.platform.run")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def manage(environment: dict[str, str], data_dir: Path, port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `make manage` does."""
    return subprocess.run(
        [sys.executable, "-m", "opinion_market.platform.manage", *arguments],
        env={**environment, "PORT": str(port), "DATA_DIR": str(data_dir)},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


class Platform:
    """A running platform and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, output: Path) -> None:
        self.process = process
        self.port = port
        self.output = output

    def await_ready(self, within_s: float = 120) -> None:
        """Wait for the panel with the address. How long it takes depends on what else the machine does."""
        ready = eventually(lambda: self.process.poll() is not None or "Password" in self.printed(), within_s)
        assert ready, self.printed()
        assert self.process.poll() is None, self.printed()

    def printed(self) -> str:
        return self.output.read_text()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30)


@contextmanager
def running(
    environment: dict[str, str], data_dir: Path, port: int, *, command: Sequence[str] = RUN
) -> Iterator[Platform]:
    output = data_dir.parent / f"output-{time.monotonic_ns()}.txt"
    settings = {"PORT": str(port), "DATA_DIR": str(data_dir), "SIMULATE": "0"}
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env={**environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Platform(process, port, output)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()


def password_in(output: str) -> str:
    found = re.search(r"Password\s+(\S+)", output)
    assert found is not None
    return found[1]


def survivors(processes: dict[int, str], within_s: float) -> list[str]:
    """The command lines of those that are still alive after that time."""
    eventually(lambda: not any(map(is_alive, processes)), within_s)
    return [command for pid, command in processes.items() if is_alive(pid)]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_serves_stops_cleanly_and_keeps_its_data(clean_environment: dict[str, str], tmp_path: Path) -> None:
    data_dir, port = tmp_path / "a folder", free_port()
    with running(clean_environment, data_dir, port) as platform:
        platform.await_ready()
        assert platform.get("/ready").status_code == 200
        assert platform.get("/health").status_code == 200
        assert platform.get("/health", Accept="text/event-stream").headers["server"] == "uvicorn"
        password = password_in(platform.printed())
        processes = descendants(platform.process.pid)
        assert len(processes) > 8
        audited = manage(clean_environment, data_dir, port, "audit_exchange")
        assert audited.returncode == 0, audited.stdout + audited.stderr
    assert platform.process.returncode == 0, platform.printed()
    assert not survivors(processes, within_s=10)
    refused = manage(clean_environment, data_dir, port, "audit_exchange")
    assert (refused.returncode, refused.stderr.splitlines()[0].split(";")[0]) == (
        1,
        f"Nothing runs on port {port} from this folder",
    )

    with running(clean_environment, data_dir, port) as platform:
        platform.await_ready()
        assert password_in(platform.printed()) == password
        with running(clean_environment, data_dir, port) as second:
            assert second.process.wait(30) == 1
            assert "already running" in second.printed()
        assert platform.get("/ready").status_code == 200


def test_an_interrupt_that_reaches_only_make_stops_it_too(clean_environment: dict[str, str], tmp_path: Path) -> None:
    with running(clean_environment, tmp_path / "data", free_port(), command=("make", "run")) as platform:
        assert eventually(lambda: "PostgreSQL is up" in platform.printed(), within_s=60)
        processes = descendants(platform.process.pid)
    assert "the data stays in place" in platform.printed()
    assert not survivors(processes, within_s=10)


def test_after_everything_is_killed_the_next_start_recovers(clean_environment: dict[str, str], tmp_path: Path) -> None:
    data_dir, port = tmp_path / "a folder", free_port()
    with running(clean_environment, data_dir, port) as platform:
        platform.await_ready()
        processes = descendants(platform.process.pid)
        for pid in [platform.process.pid, *processes]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert not survivors(processes, within_s=20)
    with running(clean_environment, data_dir, port) as platform:
        platform.await_ready()
        assert platform.get("/ready").status_code == 200
        processes = descendants(platform.process.pid)
        # The supervisor alone is killed: the kernel takes the others along.
        platform.process.kill()
        assert not survivors(processes, within_s=30)
    assert not mentioning(str(data_dir))


def test_external_servers_are_used_and_none_is_started(clean_environment: dict[str, str], tmp_path: Path) -> None:
    named = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with running({**clean_environment, **named}, tmp_path / "data", free_port()) as platform:
        platform.await_ready()
        assert platform.get("/ready").status_code == 200
        assert "PostgreSQL" not in platform.printed()
        commands = descendants(platform.process.pid).values()
        assert not [command for command in commands if "postgres" in command or "redis-server" in command]


def test_a_wrong_setting_ends_it_before_anything_starts(clean_environment: dict[str, str], tmp_path: Path) -> None:
    with running({**clean_environment, "DATABASE_URL": "sqlite://file"}, tmp_path / "data", free_port()) as platform:
        assert platform.process.wait(30) == 1
    assert "DATABASE_URL must start with postgresql://; see docs/settings.md." in platform.printed()
    assert not (tmp_path / "data").exists()

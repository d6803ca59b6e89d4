"""The supervisor restarts what ends, and stops everything it started, with all that those started."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opinion_market.platform.report import Report
from opinion_market.platform.services import Service
from opinion_market.platform.supervisor import Supervisor
from tests.platform.processes import descendants, eventually, mentioning

WAITS = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor(Report())
    yield supervisor
    supervisor.stop(patience_s=0.2)


def service(program: str, *arguments: str) -> Service:
    return Service("example", (sys.executable, "-c", program, *arguments))


def test_a_service_that_is_killed_comes_back_and_the_operator_is_told(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = str(tmp_path)
    first = supervisor.keep_service(
        service(WAITS, token), stage=0, log=tmp_path / "log", folder=tmp_path, environment={}
    )
    first.popen.kill()
    first.popen.wait()

    def running_again() -> bool:
        supervisor.watch()
        return len(mentioning(token)) == 1

    assert eventually(running_again)
    assert "example ended with status -9; starting it again" in capsys.readouterr().out


def test_stopping_leaves_nothing_even_of_a_service_that_ignores_the_signal(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    token = str(tmp_path)
    forks = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}, {token!r}])"
    log = tmp_path / "log"
    process = supervisor.keep_service(service(forks, token), stage=0, log=log, folder=tmp_path, environment={})
    assert eventually(lambda: log.exists() and "deaf" in log.read_text())
    assert len(descendants(process.popen.pid)) == 1
    supervisor.stop(patience_s=0.5)
    assert eventually(lambda: not mentioning(token))


def test_later_stages_stop_before_the_stages_they_depend_on(supervisor: Supervisor, tmp_path: Path) -> None:
    says_so = (
        "import signal, sys, time\n"
        "def stop(*_):\n"
        "    print(sys.argv[1], flush=True)\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    log = tmp_path / "log"
    for stage, name in enumerate(("database", "server", "door")):
        supervisor.keep_service(service(says_so, name), stage=stage, log=log, folder=tmp_path, environment={})
    assert eventually(lambda: log.read_text().count("up") == 3)
    supervisor.stop()
    assert log.read_text().split()[-3:] == ["door", "server", "database"]

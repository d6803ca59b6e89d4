"""Processes that never outlive the one that started them.

Each gets its own session, so that Ctrl-C in the terminal reaches only the supervisor, which then stops the others in
order; and each asks the kernel for a signal should its parent be killed.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from opinion_market.platform.account import Account, die_with_parent


@dataclass
class Process:
    """A started process, its log, and how it likes to be stopped."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    started_at_s: float

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def ask_to_stop(self) -> None:
        """Send the polite signal; `end` waits for its effect."""
        with suppress(ProcessLookupError):
            self.popen.send_signal(self.stop_signal)

    def end(self, *, patience_s: float) -> None:
        """Wait for the process to stop as asked, then make sure that nothing of its session is left."""
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(patience_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def log_tail(self, lines: int = 15) -> str:
        """The last lines it wrote, for the operator."""
        with suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    orphan_signal: signal.Signals = signal.SIGTERM,
) -> Process:
    """Start `command` in a session of its own, its output appended to `log`. The caller has a single thread.

    stop_signal: how it is asked to stop; orphan_signal: what the kernel sends it when the caller dies.
    """

    parent = os.getpid()

    def prepare() -> None:
        if account is not None:
            account.assume()
        die_with_parent(orphan_signal)
        if os.getppid() != parent:  # it died before the kernel knew whose end to watch for
            os._exit(1)

    with log.open("ab") as output:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - unsafe beside threads, and this process has none
        )
    return Process(name, popen, log, stop_signal, time.monotonic())


def stop(processes: Sequence[Process], *, patience_s: float) -> None:
    """Stop the processes one after the other, last started first."""
    for process in reversed(processes):
        process.ask_to_stop()
        process.end(patience_s=patience_s)

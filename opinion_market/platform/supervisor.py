"""Keeps processes running: starts them, restarts those that end, and stops all of them in order.

Single-threaded on purpose: the kernel ties "tell me when my parent dies" to the thread that started a process, and
forking is safe only without threads.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from opinion_market.platform import process
from opinion_market.platform.errors import PlatformError
from opinion_market.platform.process import Process
from opinion_market.platform.report import Report
from opinion_market.platform.services import Service

# Short, since behind the front door nobody is served meanwhile.
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
# A process that has run this long is taken to be well; its next end starts a new series of pauses.
WELL_AFTER_S = 60.0


@dataclass
class Kept:
    """A process that is to run, how to start it again, and how often that was needed of late."""

    start: Callable[[], Process]
    process: Process
    stage: int
    failures: int = 0
    restart_at_s: float | None = None


class Supervisor:
    """Processes in stages; a later stage depends on the earlier ones and is stopped before them."""

    def __init__(self, report: Report, *, before_each_look: Callable[[], None] | None = None) -> None:
        self._report = report
        # Where it tells which processes are its own, once it is known.
        self.roster: Path | None = None
        self._before_each_look = before_each_look
        self._kept: list[Kept] = []

    def keep(self, start: Callable[[], Process], *, stage: int) -> Process:
        """Start a process and keep it running. `start` raises PlatformError when it cannot be started."""
        kept = Kept(start, start(), stage)
        self._kept.append(kept)
        self._tell()
        return kept.process

    def keep_service(
        self, service: Service, *, stage: int, log: Path, folder: Path, environment: Mapping[str, str]
    ) -> Process:
        """Start a service and keep it running."""

        def start() -> Process:
            if service.socket is not None:
                service.socket.unlink(missing_ok=True)
            return process.start(
                service.name,
                service.command,
                log=log,
                folder=folder,
                environment=environment,
                orphan_signal=service.orphan_signal,
            )

        return self.keep(start, stage=stage)

    def watch(self) -> None:
        """Look once at every process: report those that ended, restart those whose pause is over."""
        if self._before_each_look is not None:
            self._before_each_look()
        now_s = time.monotonic()
        for kept in self._kept:
            if kept.restart_at_s is None:
                if not kept.process.running:
                    self._plan_restart(kept, now_s)
            elif now_s >= kept.restart_at_s:
                self._restart(kept)

    @property
    def keeps_any(self) -> bool:
        return bool(self._kept)

    def ended(self) -> list[Process]:
        """Those that are not running at this moment."""
        return [kept.process for kept in self._kept if not kept.process.running]

    def stop(self, *, patience_s: float = 8) -> None:
        """Stop everything, the last stage first; within a stage all at once."""
        for stage in sorted({kept.stage for kept in self._kept}, reverse=True):
            processes = [kept.process for kept in self._kept if kept.stage == stage]
            for each in processes:
                each.ask_to_stop()
            for each in processes:
                each.end(patience_s=patience_s)
        self._kept.clear()

    def _plan_restart(self, kept: Kept, now_s: float) -> None:
        ended = kept.process
        ended.end(patience_s=0)
        if now_s - ended.started_at_s > WELL_AFTER_S:
            kept.failures = 0
        pause_s = min(FIRST_PAUSE_S * 2**kept.failures, LONGEST_PAUSE_S)
        kept.failures += 1
        kept.restart_at_s = now_s + pause_s
        self._report.trouble(
            f"{ended.name} ended with status {ended.popen.returncode}; starting it again in {pause_s:g} s (log: {ended.log})"
        )

    def _restart(self, kept: Kept) -> None:
        kept.restart_at_s = None
        # A start that fails leaves the ended process in place, so that the next look plans another.
        with suppress(PlatformError):
            kept.process = kept.start()
            self._tell()

    def _tell(self) -> None:
        """Write the roster: names and process ids. A reader finds the old one or the new one, whole."""
        if self.roster is not None:
            processes = {kept.process.name: kept.process.popen.pid for kept in self._kept}
            new = self.roster.with_suffix(".new")
            new.write_text(json.dumps(processes))
            new.replace(self.roster)

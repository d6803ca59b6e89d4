"""Notice an interrupt that reached only `make`.

At a terminal Ctrl-C goes to the whole foreground group. A program that started `make run` may send SIGINT to make alone;
make then stops catching it and waits for its child without telling it (it passes on SIGTERM, not SIGINT). What make has
stopped catching is visible in /proc.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path


class MakeWatch:
    """The make that started this process, if one did."""

    def __init__(self) -> None:
        self._folder = Path(f"/proc/{os.getppid()}")
        self._watching = self._name() in {"make", "gmake"} and self._catches_interrupt()

    def interrupted(self) -> bool:
        """Whether make has received SIGINT since this process started."""
        return self._watching and not self._catches_interrupt()

    def _name(self) -> str:
        with suppress(OSError):
            return (self._folder / "comm").read_text().strip()
        return ""

    def _catches_interrupt(self) -> bool:
        with suppress(OSError):
            for line in (self._folder / "status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
        return True  # make is gone; the kernel says so by SIGTERM

"""What `make run` tells the person at the terminal: one line a step, with the seconds since the start."""

import time
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text

# How a process started by the supervisor tells it, in its output, what to show.
STEP = "step: "
ADMIN_ANSWER = "admin: "


class Report:
    """Lines with the time since the start, and a panel when everything is up."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._started_at_s = time.monotonic()

    def step(self, text: str) -> None:
        """A step that begins or has been completed."""
        self._line(text, "not dim")

    def trouble(self, text: str) -> None:
        """Something the operator should know of."""
        self._line(text, "not dim yellow")

    def ready(self, facts: Sequence[tuple[str, str]]) -> None:
        """The address, and who may sign in."""
        width = max(len(name) for name, _ in facts)
        text = Text("\n").join(Text.assemble((f"{name:<{width}}  ", "dim"), value) for name, value in facts)
        self._print(Panel.fit(text, title="Opinion Market is running; Ctrl-C stops it"))

    def _line(self, text: str, style: str) -> None:
        line = Text(f"{time.monotonic() - self._started_at_s:6.1f} s  ", style="dim")
        self._print(line.append(text, style=style))

    def _print(self, what: RenderableType) -> None:
        # The terminal may be gone; what must be stopped is to be stopped all the same.
        with suppress(OSError):
            self._console.print(what)

"""What is running on this machine, as far as the tests of the platform need to know."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def mentioning(text: str) -> list[str]:
    """The command lines of all living processes that mention `text`, other than this one's."""
    running = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [command for pid in running if pid != os.getpid() and text in (command := _command(pid))]


def descendants(pid: int) -> dict[int, str]:
    """The living processes that this one started, at any depth, with their command lines."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        born = children.get(waiting.pop(), [])
        found += born
        waiting += born
    return {each: _command(each) for each in found}


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def eventually(condition: Callable[[], bool], within_s: float = 10) -> bool:
    """Whether the condition comes true in time."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True

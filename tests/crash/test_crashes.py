"""A writer, a backend, the whole server: killed at random moments while orders are being placed, 20 times and more.

After each, with everything started anew: no acknowledged order is missing, none is there twice, the batch that was never
acknowledged can be repeated to one effect, replaying the streams from nothing gives the tables, every invariant holds.
"""

import os
import signal
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.crash.conftest import Host, Server
from tests.crash.writer import acknowledged

pytestmark = pytest.mark.slow

SEED = 20_260_301
KILLS = 20
# Markets live through this many crashes, so that snapshots and catching up are part of it, and then make way for new
# ones, so that the replays stay short.
CRASHES_PER_ARENA = 5


class Story:
    """The arena of the moment and the writers in it, one after the other."""

    def __init__(self, host: Host, folder: Path, seed: int) -> None:
        self.host, self.folder = host, folder
        self.random = Random(seed)
        self.arena: dict[str, Any] = {}
        self.writers = 0
        self.acknowledged = 0
        self.found_done = 0

    def start_writer(self) -> dict[str, Any]:
        """Start writing; returns the writer's task once it has had its first acknowledgements, with its `pid`."""
        if self.writers % CRASHES_PER_ARENA == 0:
            self.arena = self.host.do("open_arena")
        self.writers += 1
        reference = self.arena["reference"]
        notebook = self.folder / f"writer-{self.writers}"
        task = {
            "markets": reference["markets"],
            "accounts": self.arena["accounts"],
            "seed": self.writers,
            "notebook": str(notebook),
        }
        pid = self.host.do("write", task=task)["pid"]
        self.await_more(task)
        return {"task": task, "pid": pid}

    def await_more(self, task: dict[str, Any]) -> None:
        """Wait until the writer has noted something more than it has by now."""
        notebook = Path(task["notebook"])
        before, deadline = len(acknowledged(notebook)), time.monotonic() + 30
        while len(acknowledged(notebook)) <= before:
            assert time.monotonic() < deadline, "the writer does not get on"
            time.sleep(0.005)

    def pause(self) -> None:
        """A random moment."""
        time.sleep(self.random.uniform(0, 0.25))

    def kill(self, writer: dict[str, Any]) -> None:
        """SIGKILL, which no process can prepare for."""
        os.kill(writer["pid"], signal.SIGKILL)
        assert self.host.do("reap", pid=writer["pid"])["status"] == signal.SIGKILL

    def check(self, writer: dict[str, Any]) -> None:
        """Everything that must be true after a crash, checked by a new process."""
        found = self.host.do("check", task=writer["task"], reference=self.arena["reference"])
        self.acknowledged += found["acknowledged"]
        self.found_done += found["found_done"]


@pytest.fixture
def story(host: Host, tmp_path: Path) -> Story:
    print(f"seed {SEED}")  # noqa: T201 - shown when a test fails
    return Story(host, tmp_path, SEED)


def test_a_killed_writer_loses_and_repeats_nothing(story: Story) -> None:
    for _ in range(KILLS):
        writer = story.start_writer()
        story.pause()
        story.kill(writer)
        story.check(writer)
    assert story.acknowledged > KILLS


def test_a_writer_lives_on_when_backends_are_killed_under_it(story: Story, server: Server) -> None:
    writer = story.start_writer()
    for _ in range(3):
        story.pause()
        server.kill_a_backend()
        story.await_more(writer["task"])
    story.kill(writer)
    story.check(writer)


@pytest.mark.parametrize("end", ["stop_immediately", "kill_all_processes"])
def test_a_killed_server_loses_nothing_it_acknowledged(story: Story, server: Server, end: str) -> None:
    for _ in range(2):
        writer = story.start_writer()
        story.pause()
        getattr(server, end)()
        server.restart()
        story.await_more(writer["task"])  # the writer repeats by itself what was under way, and goes on
        story.kill(writer)
        story.check(writer)

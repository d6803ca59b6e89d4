"""An archiver that is killed with SIGKILL at each of its steps, in a database of its own.

Run as a program with DATABASE_URL naming an empty database and a folder for the files as its argument. Prints one JSON line per
step: how the killed process ended, and what the next one found.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

STREAMS = ("test-one", "test-two")
EVENTS = 25


def main(folder: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opinion_market.settings.test")
    django.setup()

    from django.conf import settings  # noqa: PLC0415 - models can be imported only once Django is set up
    from django.core.management import call_command  # noqa: PLC0415

    from opinion_market.eventstore import archiving  # noqa: PLC0415
    from opinion_market.eventstore.append import append  # noqa: PLC0415
    from opinion_market.eventstore.sealing import seal_events  # noqa: PLC0415
    from tests.eventstore.conftest import NOON, happened  # noqa: PLC0415

    settings.ARCHIVE_DIR = folder
    call_command("migrate", "eventstore", verbosity=0)
    for stream in STREAMS:
        append(stream=stream, expected_version=0, events=[happened(number) for number in range(1, EVENTS + 1)])
    while sum(seal.events for seal in seal_events(now=NOON)) < EVENTS:
        pass
    archiving.EVENTS_PER_FILE = 10
    for name, kill in {**KILLS, "nothing": lambda archiving: None}.items():
        ended = in_a_fork(lambda kill=kill: archive(kill))  # type: ignore[misc]
        sys.stdout.write(json.dumps({"killed": name, "ended": ended, **found(folder)}) + "\n")
        sys.stdout.flush()


def archive(kill: Callable[[Any], None]) -> None:
    from opinion_market.eventstore import archiving  # noqa: PLC0415
    from tests.eventstore.conftest import NOON  # noqa: PLC0415

    kill(archiving)
    later = NOON + timedelta(days=400)
    archiving.archive_events(before=later, now=later, progress=archiving.__dict__.get("told", lambda events: None))


def in_a_fork(work: Callable[[], None]) -> int:
    """The signal that ended it; 0 if it came to its end."""
    from django.db import connection  # noqa: PLC0415

    connection.close()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the fork must not go on with its parent's work
            sys.stderr.write(f"{error!r}\n")
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def found(folder: str) -> dict[str, Any]:
    """What a process finds that comes afterwards."""
    from opinion_market.eventstore.models import Archive, Event  # noqa: PLC0415
    from opinion_market.eventstore.read import read_stream  # noqa: PLC0415
    from opinion_market.eventstore.verify import verify_events  # noqa: PLC0415

    named = {archive.file_name for archive in Archive.objects.all()}
    return {
        "read": [[event.data["number"] for event in read_stream(stream)] for stream in STREAMS],
        "intact": verify_events().intact,
        "rows": Event.objects.filter(stream__in=STREAMS).count(),
        "archived": sum(Archive.objects.values_list("events", flat=True)),
        "missing_files": sorted(named - {path.name for path in Path(folder).glob("*.gz")}),
    }


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_the_file(archiving: Any) -> None:
    """Half-way through writing the file."""
    real, lines = archiving.archive_files._line, []

    def line(row: Any) -> bytes:
        lines.append(row)
        if len(lines) == 5:
            die()
        written: bytes = real(row)
        return written

    archiving.archive_files._line = line


def before_its_name(archiving: Any) -> None:
    """The file is written and has not got its name yet."""
    archiving.archive_files._sha256_of = die


def before_reading_back(archiving: Any) -> None:
    """The file is there, no table names it."""
    archiving._read_back = die


def before_the_rows_leave(archiving: Any) -> None:
    """The places are inserted, the rows still there; nothing is committed."""
    real = archiving.copy_lines

    def copy(*arguments: Any) -> None:
        real(*arguments)
        die()

    archiving.copy_lines = copy


def before_the_commit(archiving: Any) -> None:
    """The rows have left, nothing is committed."""
    from django.db import transaction  # noqa: PLC0415

    inner = archiving._archive_part.__wrapped__

    def part(*arguments: Any, **named: Any) -> None:
        inner(*arguments, **named)
        die()

    archiving._archive_part = transaction.atomic(part)


def between_two_files(archiving: Any) -> None:
    """The first file is committed, the second not begun."""
    archiving.told = die


KILLS: dict[str, Callable[[Any], None]] = {
    kill.__name__: kill
    for kill in (
        in_the_file, before_its_name, before_reading_back, before_the_rows_leave, before_the_commit, between_two_files,
    )
}  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1])

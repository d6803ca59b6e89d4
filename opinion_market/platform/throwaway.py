"""Run a command beside a PostgreSQL and a Redis of its own, which vanish with it.

    python -m opinion_market.platform.throwaway -- pytest -n 2

The command finds DATABASE_URL, REDIS_URL, SECRET_KEY, SEAL_KEY and ENVIRONMENT=test in its environment; those already set are
left alone, and no server is started for them. Commits are as durable as in production (fsync is on): the benchmarks
and the crash tests run here. The exit status is the command's.
"""

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from opinion_market.platform import process
from opinion_market.platform.account import die_with_parent
from opinion_market.platform.errors import PlatformError
from opinion_market.platform.instance import temporary_folder
from opinion_market.platform.postgres import EmbeddedPostgres
from opinion_market.platform.redis import EmbeddedRedis

PREFIX = "opinion-market-throwaway-"


def main(arguments: Sequence[str]) -> int:
    """Run the command given after `--`; return its exit status."""
    parser = argparse.ArgumentParser(prog="throwaway", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("command", nargs="+", help="what to run, after --")
    command = parser.parse_args(arguments).command
    environment = dict(os.environ)
    # Until the command runs, SIGTERM unwinds like Ctrl-C, so that the servers are stopped and the folder is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with throwaway_services(environment):
            return _run(command, environment)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


@contextmanager
def throwaway_services(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Start what `environment` does not name already, and say so in it; stop it and remove its data at the end."""
    environment.setdefault("ENVIRONMENT", "test")
    environment.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    environment.setdefault("SEAL_KEY", secrets.token_urlsafe(32))
    with ExitStack() as stack:
        if "DATABASE_URL" not in environment or "REDIS_URL" not in environment:
            folder = _new_folder(stack)
            if "DATABASE_URL" not in environment:
                postgres = EmbeddedPostgres(folder / "data", folder / "postgres", folder / "postgres.log")
                stack.callback(process.stop, [postgres.start()], patience_s=10)
                environment["DATABASE_URL"] = postgres.url
            if "REDIS_URL" not in environment:
                private = folder / "redis"
                private.mkdir(mode=0o700)
                redis = EmbeddedRedis(private / "redis.sock", folder / "redis.log", private, durable=False)
                stack.callback(process.stop, [redis.start()], patience_s=5)
                environment["REDIS_URL"] = redis.url
        yield


def _new_folder(stack: ExitStack) -> Path:
    """A folder for the servers, locked while this process lives. Those of killed processes are removed on the way."""
    parent = temporary_folder()
    for abandoned in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), (abandoned / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(abandoned, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    lock = stack.enter_context((folder / "lock").open("w"))
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder.chmod(0o711)  # PostgreSQL may run as another user than this one
    return folder


def _run(command: Sequence[str], environment: MutableMapping[str, str]) -> int:
    """Run the command in the foreground, as a shell would, and pass on the signals meant for it."""
    try:
        child = subprocess.Popen(
            command,
            env=environment,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - this process has no threads
        )
    except OSError as error:
        raise PlatformError(f"{command[0]} cannot be run: {error.strerror}.") from None

    def pass_on(number: int, _frame: FrameType | None) -> None:
        # A terminal sends Ctrl-C to the whole foreground group; the command has it already.
        if number == signal.SIGTERM or not os.isatty(0):
            with suppress(ProcessLookupError):
                child.send_signal(number)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    status = child.wait()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

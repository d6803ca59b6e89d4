"""The checks of `make check` before the tests: every one runs, and the exit status is 1 if any failed.

Runs beside throw-away services, because the type checker and the migration check load the settings.
"""

import subprocess
import sys
import time
from collections.abc import Sequence

# The project's own packages, for the type checker.
PACKAGES = ("opinion_market", "markets", "governance")

CHECKS: tuple[tuple[str, Sequence[str]], ...] = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("imports", ("importlinter.cli", "lint")),
    ("templates", ("djlint", ".", "--check", "--lint", "--quiet")),
    ("types", ("mypy", *PACKAGES)),
)
MIGRATIONS = ("migrations", ("manage.py", "makemigrations", "--check", "--dry-run"))


def main() -> int:
    """Run every check, show its name, its time and, if it failed, what it printed."""
    commands = [(name, (sys.executable, "-m", *arguments)) for name, arguments in CHECKS]
    commands.append((MIGRATIONS[0], (sys.executable, *MIGRATIONS[1])))
    failed = [name for name, command in commands if not _passes(name, command)]
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _passes(name: str, command: Sequence[str]) -> bool:
    started_at_s = time.monotonic()
    print(f"{name:<11}", end="", flush=True)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    passed = result.returncode == 0
    print(f"{'ok' if passed else 'FAILED':<7} {time.monotonic() - started_at_s:5.1f} s", flush=True)
    if not passed:
        print(result.stdout, flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())

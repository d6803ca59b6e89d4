"""The checks of `make check` before the tests: every one runs, and the exit status is 1 if any failed.

Runs beside throw-away services, because the type checker and the migration check load the settings.
"""

import subprocess
import sys
import time
from collections.abc import Sequence

PACKAGES = ("opinion_market", "markets", "mesh", "governance")
TEMPLATES = (*PACKAGES, "templates")
# import-linter offers no module to run, and its script breaks when the folder is moved.
IMPORT_LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"

CHECKS: tuple[tuple[str, Sequence[str]], ...] = (
    ("format", ("-m", "ruff", "format", "--check", ".")),
    ("lint", ("-m", "ruff", "check", ".")),
    ("imports", ("-c", IMPORT_LINTER)),
    ("templates", ("-m", "djlint", *TEMPLATES, "--check", "--lint", "--quiet")),
    ("types", ("-m", "mypy", *PACKAGES)),
    ("migrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
)


def main() -> int:
    """Run every check, show its name, its time and, if it failed, what it printed."""
    failed = [name for name, arguments in CHECKS if not _passes(name, (sys.executable, *arguments))]
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

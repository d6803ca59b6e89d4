"""What the tests of the platform share: an environment in which no database or Redis is named yet."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

NAMED_BY_THE_TEST_RUN = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "SEAL_KEY",
    "ENVIRONMENT",
    "DJANGO_SETTINGS_MODULE",
    "PYTEST_XDIST_WORKER",
    "PORT",
    "BIND",
}


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder whose path is short enough for sockets; pytest's own is not."""
    with TemporaryDirectory(prefix="om-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def clean_environment(short_folder: Path) -> dict[str, str]:
    """This process's environment without what the throw-away services of the test run put there."""
    kept = {name: value for name, value in os.environ.items() if name not in NAMED_BY_THE_TEST_RUN}
    # What a killed process leaves behind goes with the folder.
    return {**kept, "TMPDIR": str(short_folder)}

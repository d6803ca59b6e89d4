"""The platform as `make run` starts it, for the browser: on a free port, with data of its own."""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.platform.conftest import NAMED_BY_THE_TEST_RUN
from tests.platform.processes import descendants
from tests.platform.test_run import Platform, free_port, manage, password_in, running

ADMIN = "admin"


@dataclass(frozen=True)
class Stack:
    """Envoy, granian, uvicorn, worker and beat, all started by the supervisor."""

    platform: Platform
    address: str
    admin_password: str
    data_dir: Path
    environment: dict[str, str]

    def administrator(self, name: str) -> str:
        """Make another administrator, as `make manage` does; the password."""
        password = secrets.token_urlsafe(12)
        environment = {**self.environment, "ADMIN_PASSWORD": password}
        made = manage(environment, self.data_dir, self.platform.port, "ensure_admin", "--username", name)
        assert made.returncode == 0, made.stderr
        return password

    def kill(self, service: str) -> None:
        """End one of its processes as a crash would; the supervisor starts it again."""
        doomed = [pid for pid, command in descendants(self.platform.process.pid).items() if f"-m {service} " in command]
        assert doomed, f"{service} does not run"
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)


@contextmanager
def started() -> Iterator[Stack]:
    """Nothing is simulated: what moves on the pages, a test has moved. The data is removed at the end."""
    with TemporaryDirectory(prefix="om-browser-") as name:
        folder = Path(name)
        # PostgreSQL may run as another user than this one.
        folder.chmod(0o711)
        kept = {name: value for name, value in os.environ.items() if name not in NAMED_BY_THE_TEST_RUN}
        port = free_port()
        environment, data_dir = {**kept, "TMPDIR": name}, folder / "data"
        with running(environment, data_dir, port) as platform:
            platform.await_ready()
            password = password_in(platform.printed())
            yield Stack(platform, f"http://localhost:{port}", password, data_dir, environment)

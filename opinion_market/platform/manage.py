"""`manage.py` against the platform that `make run` keeps running: its database, its Redis, its settings.

make manage ARGS="audit_exchange --replay"
"""

import json
import os
import sys
from collections.abc import Sequence

from opinion_market.platform.errors import PlatformError
from opinion_market.platform.instance import environment_file
from opinion_market.settings.env import BASE_DIR, SettingsError, read_launch


def running_environment() -> dict[str, str]:
    """What the running platform's processes were told. Raises PlatformError if none runs on this port."""
    launch = read_launch()
    path = environment_file(launch.data_dir.resolve() / str(launch.port))
    try:
        told: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError:
        raise PlatformError(
            f"Nothing runs on port {launch.port} from this folder; start it with make run, or name its PORT."
        ) from None
    return told


def main(arguments: Sequence[str]) -> None:
    """Become manage.py; or end with one sentence."""
    try:
        environment = {**os.environ, **running_environment()}
    except (PlatformError, SettingsError) as error:
        sys.exit(str(error))
    program = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    os.execve(sys.executable, program, environment)  # noqa: S606 - the interpreter and the file are ours


if __name__ == "__main__":
    main(sys.argv[1:])

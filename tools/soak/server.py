"""A uvicorn as `make run` starts it, but on a port of 127.0.0.1."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from random import Random

from markets.realtime.frames import LONGEST_MESSAGE

STARTING_S = 120.0
_FIRST_PORT, _LAST_PORT = 20_000, 32_000


class Uvicorn:
    """One that can be killed and started again on its port. `environment` adds to this process's."""

    def __init__(
        self, environment: Mapping[str, str] | None = None, application: str = "opinion_market.asgi:application"
    ) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self._application = application
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns once it accepts connections. Raises RuntimeError if it does not."""
        command = [
            *(sys.executable, "-m", "uvicorn", self._application, "--port", str(self.port), "--lifespan", "off"),
            *("--ws-per-message-deflate", "false", "--ws-max-size", str(2 * LONGEST_MESSAGE)),
            *("--timeout-graceful-shutdown", "3", "--log-level", "warning", "--no-access-log", "--no-proxy-headers"),
        ]
        self._process = subprocess.Popen(command, env=self._environment)
        until = time.monotonic() + STARTING_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    self.stop()
                    raise RuntimeError("uvicorn did not start; its error is above.") from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """With SIGKILL: it does nothing more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Politely."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(number)
            self._process.wait(20)


def _free_port() -> int:
    """Not one of those that connections are made from: such a one could be taken while the server is away."""
    for port in Random().sample(range(_FIRST_PORT, _LAST_PORT), 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise RuntimeError("No port of 127.0.0.1 is free.")

"""An embedded Redis: cache, channel layer and task queue, reached only through a unix socket."""

import time
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from opinion_market.platform import binaries, process
from opinion_market.platform.errors import PlatformError


@dataclass(frozen=True)
class EmbeddedRedis:
    """A server whose socket is `socket`, in a folder only its user may enter; `data` is where it keeps its log of writes."""

    socket: Path
    log: Path
    data: Path
    durable: bool

    @property
    def url(self) -> str:
        """For redis-py and for REDIS_URL."""
        return f"unix://{self.socket}?db=0"

    def start(self, *, patience_s: float = 20) -> process.Process:
        """Start the server and wait until it answers. Raises PlatformError, with the end of its log, when it does not."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        server = process.start(
            "redis",
            [
                binaries.redis_server(),
                *("--port", "0"),
                *("--unixsocket", self.socket),
                *("--unixsocketperm", "700"),
                *("--save", ""),
                *("--appendonly", "yes" if self.durable else "no"),
                *("--dir", self.data),
                *("--daemonize", "no"),
            ],
            log=self.log,
        )
        deadline = time.monotonic() + patience_s
        while True:
            try:
                with Redis(unix_socket_path=str(self.socket)) as client:
                    client.ping()
            except RedisError:
                if not server.running or time.monotonic() > deadline:
                    process.stop([server], patience_s=5)
                    raise PlatformError(f"Redis did not start; its log {self.log} ends:\n{server.log_tail()}") from None
                time.sleep(0.02)
            else:
                return server

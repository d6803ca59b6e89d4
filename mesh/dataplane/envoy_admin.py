"""Envoy's administration interface, on a unix socket that only this user reaches."""

import http.client
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opinion_market.kernel.errors import DomainError

_PATIENCE_S = 2.0


class EnvoyUnreachable(DomainError):
    """This node's Envoy does not answer: it is not running, or starting."""

    code = "envoy_unreachable"
    status = 503
    title = "This node's Envoy does not answer."


@dataclass(frozen=True, slots=True)
class Server:
    """What Envoy says of itself."""

    version: str
    state: str
    uptime_s: int


class _UnixConnection(http.client.HTTPConnection):
    """httpx leaves a socket open that could not connect, as happens here whenever Envoy is away."""

    def __init__(self, path: Path) -> None:
        super().__init__("envoy", timeout=_PATIENCE_S)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class EnvoyAdmin:
    """One client of one Envoy, for one thread. Each method raises EnvoyUnreachable when Envoy does not answer in 2 s."""

    def __init__(self, path: Path) -> None:
        self._connection = _UnixConnection(path)

    def close(self) -> None:
        self._connection.close()

    def server(self) -> Server:
        answer = self._get("/server_info")
        return Server(answer["version"], answer["state"], int(str(answer["uptime_current_epoch"]).rstrip("s")))

    def statistics(self, pattern: str) -> dict[str, int | str]:
        """Counters, gauges and texts whose names match a regular expression."""
        answer = self._get(f"/stats?format=json&filter={quote(pattern)}")
        return {each["name"]: each["value"] for each in answer["stats"] if "name" in each}

    def clusters(self) -> list[dict[str, Any]]:
        """Each cluster with its hosts, their health and their counters."""
        found: list[dict[str, Any]] = self._get("/clusters?format=json").get("cluster_statuses", [])
        return found

    def memory_bytes(self) -> int:
        """What Envoy's allocator took from the system."""
        return int(self._get("/memory")["heap_size"])

    def reopen_logs(self) -> None:
        """Write into new files from now on; the old ones were renamed."""
        self._ask("POST", "/reopen_logs")

    def _get(self, path: str) -> Any:
        return json.loads(self._ask("GET", path))

    def _ask(self, method: str, path: str) -> bytes:
        """A connection that Envoy closed meanwhile (it was restarted) is made anew once."""
        for is_last in (False, True):
            try:
                self._connection.request(method, path, headers={"Content-Length": "0"})
                answer = self._connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if is_last:
                    raise EnvoyUnreachable(f"This node's Envoy does not answer ({type(error).__name__}).") from error
            else:
                if answer.status == http.HTTPStatus.OK:
                    return content
                raise EnvoyUnreachable(f"This node's Envoy answered {answer.status} to {path}.")
        raise AssertionError("The second try returns or raises.")

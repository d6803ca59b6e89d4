"""Envoy's administration interface, on a unix socket that only this user reaches."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from opinion_market.kernel.errors import DomainError


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


class EnvoyAdmin:
    """One client of one Envoy. Each method raises EnvoyUnreachable when Envoy does not answer within two seconds."""

    def __init__(self, socket: Path) -> None:
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://envoy", timeout=2.0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def server(self) -> Server:
        answer = self._get("/server_info")
        return Server(answer["version"], answer["state"], int(str(answer["uptime_current_epoch"]).rstrip("s")))

    def statistics(self, pattern: str) -> dict[str, int | str]:
        """Counters, gauges and texts whose names match a regular expression."""
        answer = self._get(f"/stats?format=json&filter={pattern}")
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
        return self._ask("GET", path).json()

    def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            answer = self._client.request(method, path)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise EnvoyUnreachable(f"This node's Envoy does not answer ({type(error).__name__}).") from error
        return answer

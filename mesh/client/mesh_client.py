"""Calling services by name: real requests through this node's Envoy, which chooses the instance, retries and protects.

    with MeshClient(caller="web") as mesh:
        answer = mesh.call("ml-engine", path="/score", method="POST", body=b"...")

The policy (timeouts, tries, breakers) is the service's, in the registry. Every call stands in `ServiceCall` a moment later, under
the trace id of the work at hand.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from mesh.client.errors import CallUnfinished, MeshUnreachable
from mesh.dataplane.rendering.clusters import CALLER_HEADER
from mesh.dataplane.rendering.mesh_routes import INSTANCE_HEADER
from mesh.dataplane.this_node import mesh_socket
from mesh.registry.selectors import DEFAULT_MESH
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.ids import uuid7_text

ATTEMPTS_HEADER = "x-envoy-attempt-count"
TRACE_HEADER = "x-request-id"
# Beyond any service's own timeout, so that it is Envoy who gives up, and says why.
_PATIENCE_S = 3_700.0
_NO_TRACE = re.compile(r"-?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: from an instance, or from Envoy in its place (then `instance` is empty and the body a problem)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    instance: str
    attempts: int
    trace_id: str
    duration_ms: float


class MeshClient:
    """Keeps its connections; may be shared by threads. `caller` is the calling service's name, for graph and log."""

    def __init__(self, *, caller: str, socket: Path | None = None) -> None:
        self._caller = caller
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket or mesh_socket())),
            timeout=httpx.Timeout(_PATIENCE_S, connect=2),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def call(
        self,
        service: str,
        *,
        mesh: str = DEFAULT_MESH,
        method: str = "GET",
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        trace_id: str | None = None,
    ) -> Answer:
        """Send one request. Whatever status comes back is an answer.

        Raises MeshUnreachable when nothing was sent, CallUnfinished when it may have been.
        """
        trace = trace_id or correlation_id()
        trace = uuid7_text() if _NO_TRACE.fullmatch(trace) else trace
        sent = {**(headers or {}), CALLER_HEADER: self._caller, TRACE_HEADER: trace}
        started = time.perf_counter()
        try:
            answer = self._client.request(method, f"http://{service}.{mesh}{path}", headers=sent, content=body or None)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise MeshUnreachable from None
        except httpx.HTTPError as error:
            raise CallUnfinished(f"The call broke off ({type(error).__name__}).") from None
        return Answer(
            status=answer.status_code,
            headers=dict(answer.headers),
            body=answer.content,
            instance=answer.headers.get(INSTANCE_HEADER, ""),
            attempts=int(answer.headers.get(ATTEMPTS_HEADER, 0)),
            trace_id=trace,
            duration_ms=(time.perf_counter() - started) * 1000,
        )

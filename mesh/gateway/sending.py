"""A described request, sent through the real front door, with its answer and its line of the log."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from django.conf import settings

from governance.access.policies import Caller
from mesh.gateway.errors import FrontDoorUnreachable
from mesh.gateway.models import RequestLog
from mesh.gateway.rendering.names import LOG_TOKEN
from mesh.gateway.request_log import by_trace
from mesh.gateway.signing import log_token
from mesh.operators import require_operator

PATIENCE_S = 15.0
LOG_PATIENCE_S = 3.0
MOST_BODY_SHOWN = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The answer as it came; `log` is None if its line was not read in time. Times are microseconds."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    is_cut: bool
    duration_us: int
    trace_id: str
    log: RequestLog | None


def send(
    *,
    caller: Caller,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: str = "",
    url: str | None = None,
) -> Sent:
    """Send it to the front door as it is, follow nothing, and wait a moment for its line of the log.

    It goes to the front door's own address alone, whatever `Host` is named, so nothing else can be reached with it.
    Raises: FrontDoorUnreachable, PermissionMissing. Must not run inside a transaction: it waits for others' commits.
    """
    require_operator(caller)
    begun = time.perf_counter_ns()
    try:
        with httpx.Client(timeout=PATIENCE_S, follow_redirects=False, trust_env=False) as client:
            answer = client.request(
                method,
                f"{url or f'http://127.0.0.1:{settings.MESH_PORT}'}{path}",
                headers={**headers, LOG_TOKEN: log_token()},
                content=body.encode() or None,
            )
    except httpx.HTTPError as wrong:
        raise FrontDoorUnreachable(f"The front door does not answer: {type(wrong).__name__}.") from None
    duration_us = (time.perf_counter_ns() - begun) // 1_000
    trace_id = answer.headers.get("x-request-id", "")
    return Sent(
        status=answer.status_code,
        headers=[(name, value) for name, value in answer.headers.multi_items()],
        body=answer.text[:MOST_BODY_SHOWN],
        is_cut=len(answer.text) > MOST_BODY_SHOWN,
        duration_us=duration_us,
        trace_id=trace_id,
        log=_wait_for(caller, trace_id),
    )


def _wait_for(caller: Caller, trace_id: str) -> RequestLog | None:
    deadline = time.monotonic() + LOG_PATIENCE_S
    while trace_id and time.monotonic() < deadline:
        found = by_trace(caller, trace_id)
        if found is not None:
            return found
        time.sleep(0.05)
    return None

"""What is wanted of the front door, as plain values. No Django, no Envoy words."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Requests that match go to a service (`mesh/service`). Routes are tried in the order given.

    match: "prefix", "exact" or "regex" of the path without the query.
    """

    name: str
    upstream: str
    path: str = "/"
    match: str = "prefix"
    timeout_ms: int = 60_000
    is_open_ended: bool = False
    is_websocket: bool = False
    accept_contains: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The front door: its routes in order."""

    routes: Sequence[Route]

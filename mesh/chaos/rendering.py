"""Experiments' faults as Envoy's configuration."""

from collections.abc import Sequence

from mesh.dataplane.spec import Endpoint, Fault, Json


def per_route(faults: Sequence[Fault]) -> Json | None:
    return None


def http_filters() -> list[Json]:
    return []


def clusters() -> list[Json]:
    return []


def without(endpoints: Sequence[Endpoint], faults: Sequence[Fault]) -> list[Endpoint]:
    return list(endpoints)

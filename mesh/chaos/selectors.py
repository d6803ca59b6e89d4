"""Which faults experiments want now."""

from datetime import datetime

from mesh.dataplane.spec import Fault


def active_faults(now: datetime) -> list[Fault]:
    return []

"""What is wanted now, read from the rows."""

from datetime import datetime

from mesh.chaos import selectors as chaos
from mesh.dataplane.spec import Desired
from mesh.gateway import selectors as gateway
from mesh.registry import selectors as registry


def read(*, now: datetime) -> Desired:
    """A number of queries that does not grow with the rows. To be read in the transaction that changed them."""
    return Desired(
        services=registry.services_wanted(now),
        gateway=gateway.gateway(now=now),
        faults=chaos.active_faults(now),
        doors=chaos.doors(),
    )

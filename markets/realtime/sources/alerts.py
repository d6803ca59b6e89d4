"""Reading what needs attention, in a worker's thread."""

from dataclasses import asdict
from typing import Any

from governance.access.errors import PermissionMissing
from governance.access.policies import Access
from markets.realtime.alerting import alerts_of
from opinion_market.kernel import clock

# Every role of staff holds it; what an alert itself takes is decided by whoever knows of it.
LEAST = "markets.read"


def require_staff(access: Access) -> None:
    """Raises PermissionMissing for strangers and for members without a role, who are told of nothing."""
    if not access.has_anywhere(LEAST):
        raise PermissionMissing(permission=LEAST)


def read_alerts(access: Access) -> list[dict[str, Any]]:
    """What the caller should know of. About ten queries."""
    return [asdict(alert) for alert in alerts_of(access, now=clock.now())]

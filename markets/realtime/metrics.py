"""What `get_metrics` answers, read in a worker's thread."""

from typing import Any

from governance.access.policies import Access
from markets.performance.selectors import RANGES
from markets.realtime.channels.figures import dashboard_organizations
from markets.realtime.frames import UnknownMetrics
from markets.realtime.sources.alerts import read_alerts, require_staff
from markets.realtime.sources.figures import read_organizations, read_system
from markets.realtime.sources.performance import read_event_store, read_range, require_platform_staff

# By metrics_type, which time ranges there are; the first if none is named.
TIME_RANGES: dict[str, tuple[str, ...]] = {
    "system": ("24h",),
    "dashboard": ("24h",),
    "performance": ("1h", *(name for name in RANGES if name != "1h")),
    "event_store": ("now",),
    "alerts": ("now",),
}


def range_of(metrics_type: object, time_range: object) -> tuple[str, str]:
    """The type and its range, which are known. Raises UnknownMetrics."""
    if not isinstance(metrics_type, str) or metrics_type not in TIME_RANGES:
        raise UnknownMetrics(f"metrics_type is one of {', '.join(TIME_RANGES)}.")
    known = TIME_RANGES[metrics_type]
    if time_range is None:
        return metrics_type, known[0]
    if not isinstance(time_range, str) or time_range not in known:
        raise UnknownMetrics(f"time_range of {metrics_type} is one of {', '.join(known)}.")
    return metrics_type, time_range


def read_metrics(access: Access, metrics_type: str, time_range: str) -> dict[str, Any]:
    """The figures, as the caller may see them. Raises PermissionMissing, NotPermitted."""
    if metrics_type == "dashboard":
        return {"organizations": list(read_organizations(dashboard_organizations(access)).values())}
    if metrics_type == "alerts":
        require_staff(access)
        return {"alerts": read_alerts(access)}
    if metrics_type == "system":
        return read_system(access)
    require_platform_staff(access)
    return (
        {"event_store": read_event_store()} if metrics_type == "event_store" else {"exchange": read_range(time_range)}
    )

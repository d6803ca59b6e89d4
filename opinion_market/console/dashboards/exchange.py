"""The dashboard of the exchange as it runs: rates, latencies, batches, the queue, refusals. Of all organizations together."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from markets.realtime.sources.performance import read_exchange, read_range

RANGES = {"5m": "5 minutes", "1h": "1 hour", "24h": "24 hours", "7d": "7 days"}
DEFAULT_RANGE = "5m"


def figures(request: HttpRequest, range_name: str, now: datetime) -> dict[str, Any]:
    """Five queries."""
    return {"at": now, "exchange": read_range(range_name), "live": read_exchange()}

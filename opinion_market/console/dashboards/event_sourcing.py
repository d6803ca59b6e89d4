"""The dashboard of the event store: throughput, projections, seals, commands, deliveries, archives.

Auditors see their organizations' events, processes and deliveries; projections, commands, seals and archives serve all tenants and
are shown to superusers.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Sum
from django.http import HttpRequest
from django.urls import reverse

from governance.access.per_request import access_for
from governance.audit import seal_checks
from governance.audit.chain_checks import last_check
from markets.realtime.sources.performance import read_event_store
from opinion_market.eventstore import selectors, troubles
from opinion_market.eventstore.models import Archive, Seal
from opinion_market.eventstore.statistics import hour_of

PERMISSION = "system.audit"
RANGES = {"48h": "48 hours", "7d": "7 days", "30d": "30 days"}
DEFAULT_RANGE = "48h"
_HOURS = {"48h": 48, "7d": 168, "30d": 720}
SEALS_SHOWN, TYPES_SHOWN = 8, 10


def figures(request: HttpRequest, range_name: str, now: datetime) -> dict[str, Any]:
    """A score of short queries, none over the events themselves."""
    scope = access_for(request).organizations_with(PERMISSION)
    hour = hour_of(now)
    first = hour - timedelta(hours=_HOURS[range_name] - 1)
    counted = dict(selectors.events_per_hour(organizations=scope, since=first))
    totals = selectors.totals(organizations=scope, now=now)
    work = selectors.work(organizations=scope, now=now)
    hours = [first + timedelta(hours=back) for back in range(_HOURS[range_name])]
    per_type = selectors.events_per_type(organizations=scope, since=first)[:TYPES_SHOWN]
    return {
        "at": now,
        "range": range_name,
        "totals": {
            "events": totals.total_events,
            "this_hour": totals.events_this_hour,
            "day": totals.events_last_24_hours,
            "streams": totals.streams,
        },
        "hours": [{"at": at, "events": counted.get(at, 0)} for at in hours],
        "types": [{"type": name, "events": count} for name, count in per_type],
        "work": {
            "processes": work.processes_by_state,
            "deliveries": work.deliveries_by_state,
            "disabled_handlers": work.disabled_handlers,
        },
        "platform": _platform(now) if scope is None else None,
    }


def _platform(now: datetime) -> dict[str, Any]:
    """What serves all tenants."""
    check, unsealed = last_check(), troubles.unsealed_since(now=now)
    archived = Archive.objects.filter(restored_at=None).order_by().aggregate(
        files=Count("pk"), events=Sum("events", default=0), bytes=Sum("size_bytes", default=0),
        archived_at=Max("archived_at"), verified_at=Max("verified_at"),
    )  # fmt: skip
    return {
        "event_store": read_event_store(),
        "unsealed_since": unsealed,
        "chain_check": None
        if check is None
        else {"at": check.checked_at, "intact": check.intact, "events": check.events},
        "seals": [_seal(each) for each in Seal.objects.defer("blocks").order_by("-number")[:SEALS_SHOWN]],
        "archives": archived,
    }


def _seal(seal: Seal) -> dict[str, Any]:
    check = seal_checks.last_check(seal.number)
    return {
        "number": seal.number,
        "at": seal.sealed_at,
        "events": seal.events,
        "link": reverse("admin:eventstore_seal_change", args=[seal.number]),
        "checked_at": check.checked_at if check else None,
        "intact": check.intact if check else None,
    }

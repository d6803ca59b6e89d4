"""Which markets' streams must stay in the database: those of markets that are not settled."""

from collections.abc import Collection
from uuid import UUID

from markets.lifecycle.models import Market

KIND = "market"


def unsettled(streams: Collection[str]) -> Collection[str]:
    """Those of the streams whose market still lives. A stream that names no settled market counts as living."""
    ids: dict[UUID, str] = {}
    for stream in streams:
        try:
            ids[UUID(stream.partition("-")[2])] = stream
        except ValueError:
            continue
    settled = Market.objects.filter(pk__in=ids, status__in=[Market.Status.SETTLED, Market.Status.VOIDED]).values_list(
        "pk", flat=True
    )
    return set(streams) - {ids[market_id] for market_id in settled}

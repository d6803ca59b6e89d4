"""Giving a market's events to the projection: as they are, or as if they had happened at other times.

Subscriptions never read events of a running transaction, and a test is one; so the handler is given the events.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from markets.analytics.markets.models import MarketBucket, MarketFigures, MarketTrader, MarketTraderDay
from markets.analytics.markets.projection import MARKET_FIGURES
from opinion_market.eventstore.read import RecordedEvent, read_stream

TABLES = (MarketFigures, MarketBucket, MarketTrader, MarketTraderDay)


def events_of(market: object, when: Callable[[int], datetime] | None = None) -> list[RecordedEvent]:
    """The market's events; `when` gives each version another time."""
    events = list(read_stream(f"market-{market}"))
    return events if when is None else [replace(event, recorded_at=when(event.version)) for event in events]


def count(events: Sequence[RecordedEvent], *, cuts: Sequence[int] = ()) -> None:
    """Give the events to the projection, in batches that end at these places."""
    edges = [0, *sorted({min(cut, len(events)) for cut in cuts}), len(events)]
    for start, end in pairwise(edges):
        if end > start:
            MARKET_FIGURES.handler(events[start:end])


def rows(*, of: object = None) -> dict[str, list[tuple]]:
    """Everything the projection has written, but for the keys that the database numbers."""
    found = {}
    for model in TABLES:
        columns = [field.attname for field in model._meta.concrete_fields if field.attname != "id"]
        wanted = model.objects.all() if of is None else model.objects.filter(market=of)
        found[model.__name__] = sorted(tuple(map(str, row)) for row in wanted.values_list(*columns))
    return found

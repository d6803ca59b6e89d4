"""Gives the traders' figures the events, in the store's order.

Subscriptions never read events of a running transaction, and most tests are one; so the projection's handler is called.
"""

from itertools import islice

from markets.analytics.traders.models import AccountCash, MarketClose, MarketCourse, TraderDay, TraderResult
from markets.analytics.traders.projection import TRADER_FIGURES
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.read import RecordedEvent, event_at

TABLES = (AccountCash, MarketClose, MarketCourse, TraderDay, TraderResult)


def events() -> list[RecordedEvent]:
    positions = Event.objects.order_by("transaction_id", "position").values_list("position", flat=True)
    return [event_at(position) for position in positions]


def refigure(batch: int = 1_000) -> None:
    """From nothing, so many events at a time."""
    TRADER_FIGURES.reset()
    waiting = iter(events())
    while some := list(islice(waiting, batch)):
        TRADER_FIGURES.handler(some)


def kept() -> dict[str, list[tuple]]:
    """All rows of the projection, without the numbers the database gave them."""
    return {
        table.__name__: sorted(
            tuple(str(value) for name, value in row.items() if name != "id") for row in table.objects.values()
        )
        for table in TABLES
    }

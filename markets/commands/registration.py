"""What the exchange registers with the event store, in one place."""

from markets.commands import aggregates, lifecycle, money, trading
from opinion_market.eventstore import aggregates as aggregate_types
from opinion_market.eventstore import commands


def register_all() -> None:
    """Register commands and aggregates; harmless to repeat."""
    for command in (*trading.COMMANDS, *lifecycle.COMMANDS, *money.COMMANDS):
        commands.register(command)
    for aggregate in aggregates.AGGREGATES:
        aggregate_types.register(aggregate)

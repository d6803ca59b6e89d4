"""What the exchange registers with the event store, in one place."""

from markets.commands import aggregates, event_types, lifecycle, money, processes, trading
from opinion_market.eventstore import aggregates as aggregate_types
from opinion_market.eventstore import commands, process_types
from opinion_market.eventstore import event_types as catalogue


def register_all() -> None:
    """Register commands, processes and aggregates; harmless to repeat."""
    for command in (*trading.COMMANDS, *lifecycle.COMMANDS, *money.COMMANDS, *processes.COMMANDS):
        commands.register(command)
    for process in processes.PROCESSES:
        process_types.register(process)
    catalogue.register(event_types.EVENT_TYPES)
    for aggregate in aggregates.AGGREGATES:
        aggregate_types.register(aggregate)

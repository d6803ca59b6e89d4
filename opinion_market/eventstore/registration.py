"""What the event store registers with itself, in one place."""

from opinion_market.eventstore import aggregates, commands, event_types, handler_actions, projections, subscriptions
from opinion_market.eventstore.handlers import GIVE_COMMAND, HANDLERS
from opinion_market.eventstore.own_commands import OWN_COMMANDS
from opinion_market.eventstore.process_history import PROCESS
from opinion_market.eventstore.statistics import EVENT_STATISTICS, STREAM_SUMMARIES
from opinion_market.eventstore.webhooks import WEBHOOK


def register_all() -> None:
    """Register projections, subscriptions, commands, actions and the types of what they append; harmless to repeat."""
    for projection in (EVENT_STATISTICS, STREAM_SUMMARIES):
        projections.register(projection)
    subscriptions.register(HANDLERS)
    aggregates.register(PROCESS)
    event_types.register(event_types.SYSTEM_TYPES)
    for action in (WEBHOOK, GIVE_COMMAND):
        handler_actions.register(action)
    for command in OWN_COMMANDS:
        commands.register(command)

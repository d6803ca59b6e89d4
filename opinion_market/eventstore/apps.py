from django.apps import AppConfig


class EventStoreConfig(AppConfig):
    name = "opinion_market.eventstore"
    label = "eventstore"
    verbose_name = "Event store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models can be imported only from here on.
        from opinion_market.eventstore import aggregates, commands, event_types, projections  # noqa: PLC0415
        from opinion_market.eventstore.own_commands import OWN_COMMANDS  # noqa: PLC0415
        from opinion_market.eventstore.process_history import PROCESS  # noqa: PLC0415
        from opinion_market.eventstore.statistics import EVENT_STATISTICS, STREAM_SUMMARIES  # noqa: PLC0415

        projections.register(EVENT_STATISTICS)
        projections.register(STREAM_SUMMARIES)
        aggregates.register(PROCESS)
        event_types.register(event_types.SYSTEM_TYPES)
        for command in OWN_COMMANDS:
            commands.register(command)

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models cannot be imported before all apps are loaded.
        from governance.access.command_door import door  # noqa: PLC0415
        from governance.audit import trail  # noqa: PLC0415
        from governance.audit.handlers import AUDIT_ENTRY  # noqa: PLC0415
        from governance.identity.user_events import USER, USER_TYPES  # noqa: PLC0415
        from governance.organizations.history import ORGANIZATION  # noqa: PLC0415
        from opinion_market.eventstore import aggregates, commands, event_types, handler_actions  # noqa: PLC0415

        trail.begin()
        commands.guard(door)
        event_types.register(USER_TYPES)
        handler_actions.register(AUDIT_ENTRY)
        for aggregate in (USER, ORGANIZATION):
            aggregates.register(aggregate)

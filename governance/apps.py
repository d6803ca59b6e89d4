from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.audit import trail  # noqa: PLC0415 - models cannot be imported before all apps are loaded

        trail.begin()

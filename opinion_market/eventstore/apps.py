from django.apps import AppConfig


class EventStoreConfig(AppConfig):
    name = "opinion_market.eventstore"
    label = "eventstore"
    verbose_name = "Event store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models can be imported only from here on.
        from opinion_market.eventstore.registration import register_all  # noqa: PLC0415

        register_all()

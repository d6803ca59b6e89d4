from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "markets"
    verbose_name = "Exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from markets.lifecycle import retention as markets_retention  # noqa: PLC0415 - models cannot be imported earlier
        from opinion_market.eventstore import retention  # noqa: PLC0415

        retention.keep(markets_retention.KIND, markets_retention.unsettled)

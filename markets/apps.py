from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "markets"
    verbose_name = "Exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from markets.analytics.markets.projection import MARKET_FIGURES  # noqa: PLC0415 - models, once all apps are there
        from opinion_market.eventstore import projections  # noqa: PLC0415

        projections.register(MARKET_FIGURES)

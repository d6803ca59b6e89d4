from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "markets"
    verbose_name = "Exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models can be imported only from here on.
        from markets.analytics.markets.projection import MARKET_FIGURES  # noqa: PLC0415
        from markets.analytics.traders.projection import TRADER_FIGURES  # noqa: PLC0415
        from markets.lifecycle import retention as markets_retention  # noqa: PLC0415
        from opinion_market.eventstore import projections, retention  # noqa: PLC0415

        projections.register(MARKET_FIGURES)
        projections.register(TRADER_FIGURES)
        retention.keep(markets_retention.KIND, markets_retention.unsettled)
        # Models cannot be imported before all apps are loaded.
        from markets.commands.registration import register_all  # noqa: PLC0415

        register_all()

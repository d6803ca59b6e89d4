from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "opinion_market.console"
    label = "console"
    default = True

    def ready(self) -> None:
        # Models cannot be imported before all apps are loaded.
        from markets.realtime import alerting  # noqa: PLC0415
        from opinion_market.console.alerts import alerts_of  # noqa: PLC0415
        from opinion_market.console.navigation import name_pages  # noqa: PLC0415

        name_pages()
        alerting.register(alerts_of)


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one, so that apps below register with plain `@admin.register`."""

    default_site = "opinion_market.console.site.ConsoleSite"
    default = False

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "opinion_market.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class MeshConfig(AppConfig):
    name = "mesh"
    verbose_name = "Service mesh"
    default_auto_field = "django.db.models.BigAutoField"

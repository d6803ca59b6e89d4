from django.apps import AppConfig


class MeshConfig(AppConfig):
    name = "mesh"
    verbose_name = "Service mesh"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models cannot be imported before all apps are loaded.
        from mesh.gateway import audit as gateway_audit  # noqa: PLC0415

        gateway_audit.begin()

"""The platform's own parts as services of the mesh `platform`."""

from datetime import datetime

from django.db import transaction

from mesh.registry.models import Instance, Mesh, Service

PLATFORM = "platform"


def register_platform(*, node: str, now: datetime) -> None:
    """Idempotent."""
    with transaction.atomic():
        mesh, _ = Mesh.objects.get_or_create(name=PLATFORM, defaults={"created_at": now})
        for name, socket in (("web", "granian.sock"), ("realtime", "uvicorn.sock")):
            service, _ = Service.objects.get_or_create(
                mesh=mesh,
                name=name,
                defaults={"type": "api_gateway", "is_platform": True, "created_at": now, "updated_at": now},
            )
            Instance.objects.get_or_create(service=service, node=node, socket=socket, defaults={"registered_at": now})

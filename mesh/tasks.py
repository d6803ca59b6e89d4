"""What Celery finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.registry.tasks import renew_worker, sweep_leases

__all__ = ["renew_worker", "sweep_leases"]

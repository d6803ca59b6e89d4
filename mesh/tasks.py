"""What Celery finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.dataplane.tasks import purge_history
from mesh.gateway.tasks import purge_request_log
from mesh.registry.tasks import renew_worker, sweep_leases

__all__ = ["purge_history", "purge_request_log", "renew_worker", "sweep_leases"]

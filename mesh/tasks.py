"""What Celery finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.gateway.tasks import purge_request_log

__all__ = ["purge_request_log"]

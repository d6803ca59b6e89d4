"""What Django finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.client.models import ServiceCall
from mesh.dataplane.log_models import LogPosition
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot, Node
from mesh.registry.models import CircuitChange, Dependency, Instance, Mesh, Service

__all__ = [
    "Acknowledgement",
    "CircuitChange",
    "ConfigSnapshot",
    "Dependency",
    "Instance",
    "LogPosition",
    "Mesh",
    "Node",
    "Service",
    "ServiceCall",
]

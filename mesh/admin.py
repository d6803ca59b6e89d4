"""What Django's admin finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.chaos.admin import ExperimentAdmin, ResilienceScoreAdmin
from mesh.dataplane.admin import ConfigSnapshotAdmin, NodeAdmin
from mesh.registry.console.instance_admin import InstanceAdmin
from mesh.registry.console.service_admin import ServiceAdmin

__all__ = [
    "ConfigSnapshotAdmin",
    "ExperimentAdmin",
    "InstanceAdmin",
    "NodeAdmin",
    "ResilienceScoreAdmin",
    "ServiceAdmin",
]

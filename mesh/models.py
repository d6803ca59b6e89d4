"""What Django finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.chaos.fault_models import InjectedFault, KillableProcess, KillSwitch, ResilienceScore
from mesh.chaos.models import Experiment, Run, RunSample
from mesh.client.models import ServiceCall
from mesh.dataplane.log_models import LogPosition
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot, Node
from mesh.registry.models import CircuitChange, Dependency, Instance, Mesh, Service

__all__ = [
    "Acknowledgement",
    "CircuitChange",
    "ConfigSnapshot",
    "Dependency",
    "Experiment",
    "InjectedFault",
    "Instance",
    "KillSwitch",
    "KillableProcess",
    "LogPosition",
    "Mesh",
    "Node",
    "ResilienceScore",
    "Run",
    "RunSample",
    "Service",
    "ServiceCall",
]

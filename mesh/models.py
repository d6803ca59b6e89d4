"""What Django finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""

from mesh.chaos.fault_models import InjectedFault, KillableProcess, KillSwitch, ResilienceScore
from mesh.chaos.models import Experiment, Run, RunSample
from mesh.client.models import ServiceCall
from mesh.dataplane.log_models import LogPosition
from mesh.dataplane.models import Acknowledgement, ConfigSnapshot, Node
from mesh.gateway.models import (
    BasicCredential,
    GatewaySettings,
    IdentityProvider,
    RateLimit,
    RequestLog,
    RevokedJwt,
    Route,
    RouteBackend,
    SigningKey,
)
from mesh.registry.models import CircuitChange, Dependency, Instance, Mesh, Service

__all__ = [
    "Acknowledgement",
    "BasicCredential",
    "CircuitChange",
    "ConfigSnapshot",
    "Dependency",
    "Experiment",
    "GatewaySettings",
    "IdentityProvider",
    "InjectedFault",
    "Instance",
    "KillSwitch",
    "KillableProcess",
    "LogPosition",
    "Mesh",
    "Node",
    "RateLimit",
    "RequestLog",
    "ResilienceScore",
    "RevokedJwt",
    "Route",
    "RouteBackend",
    "Run",
    "RunSample",
    "Service",
    "ServiceCall",
    "SigningKey",
]

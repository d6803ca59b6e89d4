"""This host, from the settings every process is told."""

from pathlib import Path

from django.conf import settings

from mesh.dataplane.bootstrap import ADMIN_SOCKET
from mesh.dataplane.rendering.listeners import MESH_SOCKET
from mesh.dataplane.spec import Host

# The platform's own services and the sockets on which the supervisor has them listen (`opinion_market.platform.services`).
WEB_SOCKETS = {"web": "granian.sock", "realtime": "uvicorn.sock"}


def host() -> Host:
    """Where this node's Envoy listens, and where its folders are."""
    env = settings.ENV
    return Host(
        node=env.mesh_node,
        addresses=tuple(env.mesh_addresses),
        port=env.mesh_port,
        config=str(env.mesh_folder),
        sockets=str(env.mesh_sockets),
        logs=str(env.mesh_logs),
        trusted_proxies=env.trusted_proxies,
    )


def admin_socket() -> Path:
    return Path(settings.ENV.mesh_sockets, ADMIN_SOCKET)


def mesh_socket() -> Path:
    """Where this node's processes call services."""
    return Path(settings.ENV.mesh_sockets, MESH_SOCKET)

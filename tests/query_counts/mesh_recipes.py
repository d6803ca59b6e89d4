"""How the mesh's endpoints are asked: by somebody who runs the platform, about services of their own."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.query_counts.seeded import ROOT, Asked, Seeded

_MESH = "microservices/"
_INSTANCE = "microservices/instances/<uuid:instance_id>"
WHY = {"reason": "As agreed"}


def _instance(seeded: Seeded) -> str:
    """One of its own, since some of the deeds take it away."""
    return str(seeded.register_instance()["id"])


def _deed(deed: str = "") -> Callable[[Seeded], Asked]:
    def recipe(seeded: Seeded) -> Asked:
        return Asked(seeded.operator, f"{ROOT}microservices/instances/{_instance(seeded)}{deed}", {})

    return recipe


def _resume(seeded: Seeded) -> Asked:
    instance = f"microservices/instances/{_instance(seeded)}"
    seeded.operator.post(f"{instance}/drain", WHY)
    return Asked(seeded.operator, f"{ROOT}{instance}/resume", WHY)


def _empty_service(seeded: Seeded) -> Asked:
    name = f"s{uuid4().hex}"
    made = seeded.register_instance(service=name, type="trading")
    seeded.operator.delete(f"microservices/instances/{made['id']}", 204)
    return Asked(seeded.operator, f"{ROOT}microservices/services/{name}")


def _heartbeats(seeded: Seeded) -> Asked:
    body = {"instances": [_instance(seeded), _instance(seeded)]}
    return Asked(seeded.operator, f"{ROOT}microservices/instances/heartbeat", body)


def _bulk(seeded: Seeded) -> Asked:
    body = {"instances": [{"service": "pricing", "address": "10.0.0.9", "port": port} for port in range(1, 20)]}
    return Asked(seeded.operator, f"{ROOT}microservices/instances/bulk", body)


def _posted(path: str, body: Any) -> Callable[[Seeded], Asked]:
    return lambda seeded: Asked(seeded.operator, f"{ROOT}microservices/{path}", body)


WRITES: dict[str, Callable[[Seeded], Asked]] = {
    "POST microservices/mesh": _posted("mesh", {"name": "second"}),
    "POST microservices/mesh/load-balancing": _posted(
        "mesh/load-balancing", {"service": "pricing", "strategy": "random", **WHY}
    ),
    "POST microservices/dependencies": _posted("dependencies", {"caller": "pricing", "called": "web"}),
    "POST microservices/services": _posted("services", {"service": "pricing", "address": "10.0.0.8", "port": 1}),
    "DELETE microservices/services/<slug:service_name>": _empty_service,
    "POST microservices/instances/bulk": _bulk,
    "POST microservices/instances/heartbeat": _heartbeats,
    f"DELETE {_INSTANCE}": _deed(),
    f"POST {_INSTANCE}/heartbeat": _deed("/heartbeat"),
    f"POST {_INSTANCE}/drain": _deed("/drain"),
    f"POST {_INSTANCE}/resume": _resume,
}


def asked_of_mesh(seeded: Seeded, method: str, path: str, address: str) -> Asked | None:
    """The request for one of the registry's endpoints; None for any other."""
    if not path.startswith(_MESH):
        return None
    recipe = WRITES.get(f"{method.upper()} {path}")
    return recipe(seeded) if recipe else Asked(seeded.operator, seeded.filled(address), {})

"""Reading thousands of instances from one body.

REST framework's serializers take a tenth of a millisecond for each, as long as it takes to write ten of them durably; they stay
the documentation and say what is wrong. What they would accept without converting anything is read here.
"""

from typing import Any

from mesh.registry.api.requests import new_instance
from mesh.registry.api.shapes import BulkRegistrationInput
from mesh.registry.arriving import NewInstance
from mesh.registry.selectors import DEFAULT_MESH
from opinion_market.api.serializers import valid

_KINDS: dict[str, type] = {
    "service": str,
    "address": str,
    "port": int,
    "weight": int,
    "version": str,
    "metadata": dict,
    "lease_s": int,
    "node": str,
}
_NEEDED = {"service", "address", "port"}


def read_bulk(body: Any) -> tuple[str, list[NewInstance]]:
    """(mesh, instances). Raises ValidationError as `BulkRegistrationInput` would; ranges are checked when they are registered."""
    if type(body) is dict and body.keys() <= {"mesh", "instances"} and type(body.get("instances")) is list:
        mesh, entries = body.get("mesh", DEFAULT_MESH), body["instances"]
        if type(mesh) is str and entries and all(map(_is_plain, entries)):
            return mesh, [NewInstance(**each) for each in entries]
    wanted = valid(BulkRegistrationInput, body)
    return wanted["mesh"], [new_instance(each) for each in wanted["instances"]]


def _is_plain(entry: Any) -> bool:
    return (
        type(entry) is dict
        and entry.keys() >= _NEEDED
        and all(type(value) is _KINDS.get(name) for name, value in entry.items())
        and all(type(key) is str and type(value) is str for key, value in entry.get("metadata", {}).items())
    )

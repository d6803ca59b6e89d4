"""What of a service may be set, and what makes sense together. A refusal names every field at fault.

Envoy has the last word when the configuration is published; what is checked here is what it would accept and then not do.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from mesh.registry.errors import InvalidPolicy
from mesh.registry.models import Service

IDENTITY = ("type", "protocol", "description")
BALANCING = ("load_balancing", "hash_header")
TIMES = ("connect_timeout_ms", "timeout_ms", "try_timeout_ms")
RETRIES = ("retries", "retry_on", "retry_base_ms", "retry_max_ms")
HEALTH = (
    "health_check",
    "health_path",
    "health_host",
    "health_interval_ms",
    "health_timeout_ms",
    "unhealthy_threshold",
    "healthy_threshold",
)
OUTLIERS = ("outlier_errors", "outlier_interval_ms", "ejection_ms", "max_ejection_percent")
BREAKER = ("max_connections", "max_pending", "max_requests", "max_retries")
SPLIT = ("split", "split_version", "split_percent", "split_header", "split_header_value")
POLICY = (*BALANCING, *TIMES, *RETRIES, *HEALTH, *OUTLIERS, *BREAKER, *SPLIT)
SETTABLE = (*IDENTITY, *POLICY)

# Of Envoy's router, version 1.40. It passes over a condition that it does not know.
RETRY_CONDITIONS = (
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "envoy-ratelimited",
    "retriable-4xx",
    "refused-stream",
)
# The mesh's listener knows these paths before the services' names.
RESERVED_NAMES = frozenset({"call", "localhost"})

_HEADER = re.compile(r"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_PATH = re.compile(r"\A/[\x21-\x7e]*\Z")
_HOST = re.compile(r"\A[\x21-\x7e]*\Z")
_VALUE = re.compile(r"\A[\x20-\x7e]*\Z")

Faults = dict[str, list[str]]


def limits(field: "models.Field[Any, Any]") -> tuple[int, int]:
    """The least and the most of a whole number, both included: the narrowest of the model's, since columns have wider ones."""
    least = [int(each.limit_value) for each in field.validators if type(each) is MinValueValidator]
    most = [int(each.limit_value) for each in field.validators if type(each) is MaxValueValidator]
    return max(least), min(most)


def check(service: Service, *, exclude: tuple[str, ...] = ()) -> None:
    """Raises InvalidPolicy, whose `data.fields` tells what is wrong with which field."""
    faults: Faults = {}
    try:
        service.clean_fields(exclude=exclude)
    except ValidationError as refused:
        faults = {name: list(messages) for name, messages in refused.message_dict.items()}
    for name, message in _at_odds(service).items():
        faults.setdefault(name, [message])
    if faults:
        name, messages = next(iter(faults.items()))
        raise InvalidPolicy(f"{name}: {messages[0]}", fields=dict(faults))


def changed(service: Service, values: Mapping[str, object]) -> list[str]:
    """Set the values; the names of those that differ from what was. Raises InvalidPolicy for a field that is not settable."""
    unknown = sorted(values.keys() - set(SETTABLE))
    if unknown:
        raise InvalidPolicy(f"{unknown[0]}: There is no such field.", fields={name: ["Unknown."] for name in unknown})
    different = [name for name, value in values.items() if getattr(service, name) != value]
    for name in different:
        setattr(service, name, values[name])
    return different


def _at_odds(service: Service) -> dict[str, str]:
    found: dict[str, str] = {}
    if service.name in RESERVED_NAMES:
        found["name"] = "This name is taken by the mesh itself."
    unknown = [each for each in _conditions(service.retry_on) if each not in RETRY_CONDITIONS]
    if unknown:
        found["retry_on"] = f"Unknown: {', '.join(unknown)}. Known are {', '.join(RETRY_CONDITIONS)}."
    elif service.retries and not service.retry_on:
        found["retry_on"] = "Say when to try again, or set retries to 0."
    if service.retry_max_ms < service.retry_base_ms:
        found["retry_max_ms"] = "No less than retry_base_ms."
    if service.timeout_ms and service.try_timeout_ms > service.timeout_ms:
        found["try_timeout_ms"] = "One try cannot take longer than all together (timeout_ms)."
    if service.health_timeout_ms > service.health_interval_ms:
        found["health_timeout_ms"] = "A check must end before the next one begins (health_interval_ms)."
    found |= _malformed(service)
    found |= _split_faults(service)
    return found


def _conditions(text: str) -> list[str]:
    return text.split(",") if text else []


def _malformed(service: Service) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("hash_header", "split_header"):
        value = getattr(service, name)
        if value and not _HEADER.match(value):
            found[name] = "This is no name of a header."
    patterns = {"health_path": _PATH, "health_host": _HOST, "split_header_value": _VALUE}
    for name, pattern in patterns.items():
        if not pattern.match(getattr(service, name)):
            found[name] = "A path that begins with / is needed." if pattern is _PATH else "Printable characters only."
    return found


def _split_faults(service: Service) -> dict[str, str]:
    if service.split == Service.Split.NONE:
        return {}
    found: dict[str, str] = {}
    if not service.split_version:
        found["split_version"] = "Say which version the split sends to."
    if service.split == Service.Split.HEADER and not service.split_header:
        found["split_header"] = "Say which header a request must carry."
    if service.protocol == Service.Protocol.TCP:
        found["split"] = "Connections by TCP are not routed, so there is nothing to split."
    return found

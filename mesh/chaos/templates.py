"""Ready-made experiments, one for each failure mode: everything but the target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SAFE = [{"metric": "availability_percent", "limit": 50}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`fields`: those of an ExperimentDraft; what must be filled in (the target, an instance) is named in `needs`."""

    mode: str
    title: str
    summary: str
    fields: Mapping[str, Any]
    needs: Sequence[str] = ("service",)


def _template(mode: str, title: str, summary: str, step: Mapping[str, object], **more: Any) -> Template:
    needs = more.pop("needs", ("service",))
    fields: dict[str, Any] = {
        "name": title,
        "description": summary,
        "method": [{"mode": mode, **step}],
        "hypothesis": more.pop("hypothesis"),
        "safety": more.pop("safety", _SAFE),
        "percent": 100.0,
        "duration_s": 30,
        **more,
    }
    return Template(mode=mode, title=title, summary=summary, fields=fields, needs=needs)


def _checks(**limits: float) -> list[dict[str, object]]:
    return [{"metric": metric, "limit": limit} for metric, limit in limits.items()]


_ALL = (
    _template(
        "latency", "A slow service", "Half of the requests take 300 ms longer. Callers are to bear it without errors.",
        {"delay_ms": 300}, percent=50.0, hypothesis=_checks(error_percent=1, p99_ms=1_000),
    ),
    _template(
        "abort", "A failing service", "One request in ten is answered 503 before it is sent on. Callers are to bear it.",
        {"status": 503}, percent=10.0, hypothesis=_checks(availability_percent=85, p95_ms=1_000),
    ),
    _template(
        "reset", "Connections that break", "One request in twenty loses its connection before it is answered.",
        {}, percent=5.0, hypothesis=_checks(availability_percent=90),
    ),
    _template(
        "bandwidth", "A narrow line", "Answers come at 64 KiB per second.",
        {"kib_per_s": 64}, hypothesis=_checks(error_percent=1, p95_ms=2_000),
    ),
    _template(
        "unhealthy", "An instance fewer", "One instance gets no requests; the others are to carry them.",
        {"instance": "127.0.0.1:8001"}, hypothesis=_checks(error_percent=1, p95_ms=1_000), needs=("service", "instance"),
    ),
    _template(
        "kill", "A process that dies", "A process of the platform is killed; its supervisor is to start it again.",
        {"process": "granian"}, hypothesis=_checks(availability_percent=90), recovery_s=60, needs=("service", "process"),
    ),
    _template(
        "cascade", "A failure that spreads", "The service answers 503, then its callers do, one call further every two seconds.",
        {"status": 503, "depth": 3, "spread_ms": 2_000}, percent=30.0, hypothesis=_checks(availability_percent=60),
    ),
    _template(
        "cpu", "A busy host", "Four fifths of every CPU are used by something else.",
        {"percent": 80}, hypothesis=_checks(error_percent=1, p95_ms=1_000),
    ),
    _template(
        "memory", "A host short of memory", "256 MiB are held by something else.",
        {"mib": 256}, hypothesis=_checks(error_percent=1, p95_ms=1_000),
    ),
    _template(
        "database_latency", "A database that is far away", "What is sent to the database waits 50 ms, statement by statement.",
        {"delay_ms": 50}, hypothesis=_checks(error_percent=1, p95_ms=500), probe_rate=5,
    ),
    _template(
        "redis_latency", "A slow cache", "Commands to Redis wait 20 ms.",
        {"delay_ms": 20}, hypothesis=_checks(error_percent=1, p95_ms=200), probe_rate=10,
    ),
)  # fmt: skip

TEMPLATES: dict[str, Template] = {each.mode.replace("_", "-"): each for each in _ALL}

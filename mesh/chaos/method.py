"""What an experiment does and what it claims, as plain values read from JSON. No Django.

A description that cannot be carried out is refused as a whole (InvalidExperiment) with the path of what is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mesh.chaos.errors import InvalidExperiment

Json = Mapping[str, object]

# The failure modes, and for each the numbers a step must give with their least and most.
MODES: dict[str, dict[str, tuple[int, int]]] = {
    "latency": {"delay_ms": (0, 1_000)},
    "abort": {"status": (400, 599)},
    "reset": {},
    "bandwidth": {"kib_per_s": (1, 1_000_000)},
    "unhealthy": {},
    "kill": {},
    "cascade": {"delay_ms": (0, 1_000), "status": (0, 599), "depth": (1, 5), "spread_ms": (0, 60_000)},
    "cpu": {"percent": (0, 100)},
    "memory": {"mib": (1, 4_096)},
    "database_latency": {"delay_ms": (0, 1_000)},
    "redis_latency": {"delay_ms": (0, 1_000)},
}
# Words that some modes need.
NEEDED = {"unhealthy": "instance", "kill": "process"}
# What the host's own processes feel, whatever service is named: never a sandbox's affair.
HOST_MODES = frozenset({"kill", "cpu", "memory"})

# True: the figure must be at least the limit; False: at most.
METRICS: dict[str, bool] = {
    "availability_percent": True,
    "error_percent": False,
    "p50_ms": False,
    "p95_ms": False,
    "p99_ms": False,
}
LONGEST_S = 3_600
MOST_STEPS = 20
MOST_CHECKS = 10

_TIMES = {"after_s": (0, LONGEST_S), "for_s": (0, LONGEST_S)}
_WORDS = {"service": 110, "instance": 160, "process": 120, "node": 120}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault: begins `after_s` into the injection, lasts `for_s` (0: until the end). `service`: instead of the experiment's."""

    mode: str
    after_s: int = 0
    for_s: int = 0
    service: str = ""
    delay_ms: int = 0
    status: int = 0
    kib_per_s: int = 0
    instance: str = ""
    process: str = ""
    node: str = ""
    percent: int = 0
    mib: int = 0
    depth: int = 1
    spread_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A metric and its limit: a floor for availability, a ceiling for all others. Percent or milliseconds."""

    metric: str
    limit: float

    def holds(self, value: float | None) -> bool:
        """Whether the figure keeps the limit; a figure that nobody could measure does not."""
        if value is None:
            return False
        return value >= self.limit if METRICS[self.metric] else value <= self.limit

    @property
    def words(self) -> str:
        unit = "%" if self.metric.endswith("percent") else " ms"
        name = self.metric.removesuffix("_percent").removesuffix("_ms").replace("error", "errors")
        return f"{name} {'≥' if METRICS[self.metric] else '≤'} {self.limit:g}{unit}"


def steps_of(given: object) -> tuple[Step, ...]:
    """The steps of a method, in the order given."""
    return tuple(_step(row, f"method[{index}]") for index, row in enumerate(_rows(given, "method", MOST_STEPS, 1)))


def checks_of(given: object, name: str, *, least: int) -> tuple[Check, ...]:
    """The checks of a hypothesis, or the rules of safety."""
    return tuple(_check(row, f"{name}[{index}]") for index, row in enumerate(_rows(given, name, MOST_CHECKS, least)))


def _rows(given: object, name: str, most: int, least: int) -> Sequence[Json]:
    if not isinstance(given, list | tuple) or not all(isinstance(row, Mapping) for row in given):
        raise InvalidExperiment(f"{name}: a list of objects is needed.", field=name)
    if not least <= len(given) <= most:
        raise InvalidExperiment(f"{name}: from {least} to {most} entries are needed.", field=name)
    return given


def _check(row: Json, place: str) -> Check:
    _only(row, {"metric", "limit"}, place)
    metric, limit = row.get("metric"), row.get("limit")
    if metric not in METRICS:
        raise InvalidExperiment(f"{place}.metric: one of {', '.join(METRICS)} is needed.", field=f"{place}.metric")
    most = 100 if str(metric).endswith("percent") else LONGEST_S * 1_000
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= most:
        raise InvalidExperiment(f"{place}.limit: a number from 0 to {most} is needed.", field=f"{place}.limit")
    return Check(metric=str(metric), limit=float(limit))


def _step(row: Json, place: str) -> Step:
    mode = row.get("mode")
    if mode not in MODES:
        raise InvalidExperiment(f"{place}.mode: one of {', '.join(MODES)} is needed.", field=f"{place}.mode")
    mode = str(mode)
    numbers = {**_TIMES, **MODES[mode]}
    _only(row, {"mode", *numbers, *_WORDS}, place)
    found: dict[str, int] = {}
    for name, (least, most) in numbers.items():
        value = row.get(name, 0 if name in _TIMES or mode == "cascade" else None)
        if name == "depth" and value == 0:
            value = 1
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidExperiment(
                f"{place}.{name}: a whole number from {least} to {most} is needed.", field=f"{place}.{name}"
            )
        found[name] = value
    words = {name: _word(row.get(name, ""), f"{place}.{name}", most) for name, most in _WORDS.items()}
    if mode in NEEDED and not words[NEEDED[mode]]:
        raise InvalidExperiment(f"{place}.{NEEDED[mode]}: needed to make it {mode}.", field=f"{place}.{NEEDED[mode]}")
    if mode == "cascade" and bool(found["delay_ms"]) == bool(found["status"] >= 400):
        raise InvalidExperiment(f"{place}: a cascade takes either delay_ms or a status from 400 to 599.", field=place)
    return Step(mode=mode, **found, **words)  # type: ignore[arg-type]


def _word(value: object, place: str, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise InvalidExperiment(f"{place}: a text of at most {most} characters is needed.", field=place)
    return value


def _only(row: Json, known: set[str], place: str) -> None:
    unknown = sorted(str(name) for name in row if name not in known)
    if unknown:
        raise InvalidExperiment(f"{place}: {', '.join(unknown)} is not known here.", field=place)

"""An experiment as somebody describes it, read and checked before anything is written. No Django models."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from mesh.chaos.errors import InvalidExperiment
from mesh.chaos.method import HOST_MODES, LONGEST_S, Json, Step, checks_of, steps_of
from mesh.chaos.rendering import SLOTS

SANDBOX = re.compile(r"\Asandbox(-[a-z0-9-]+)?/")
_HEADER = re.compile(r"\A[A-Za-z0-9-]{1,60}\Z")
_PATH = re.compile(r"\A/[!-~]{0,499}\Z")
_VALUE = re.compile(r"\A[ -~]{0,120}\Z")

# Bounds of the numbers, both ends included.
BOUNDS: dict[str, tuple[float, float]] = {
    "percent": (0.01, 100),
    "duration_s": (1, LONGEST_S),
    "baseline_s": (1, 300),
    "recovery_s": (1, 600),
    "probe_rate": (1, 200),
    "probe_timeout_ms": (10, 30_000),
    "safety_window_ms": (200, 60_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentDraft:
    """What `POST experiments` and the console's form give. Fields are those of `mesh.chaos.models.Experiment`."""

    name: str
    hypothesis: Sequence[Json]
    method: Sequence[Json]
    safety: Sequence[Json]
    service: str = ""
    route: str = ""
    description: str = ""
    percent: float = 100.0
    header: str = ""
    header_value: str = ""
    duration_s: int = 30
    baseline_s: int = 5
    recovery_s: int = 15
    source: str = "probe"
    probe_path: str = "/"
    probe_rate: int = 20
    probe_timeout_ms: int = 2_000
    safety_window_ms: int = 1_000
    starts_at: datetime | None = None
    repeat_s: int | None = None
    is_draft: bool = False


class Checked(NamedTuple):
    """A draft that can be carried out, with its JSON as it is kept."""

    draft: ExperimentDraft
    hypothesis: str
    method: str
    safety: str
    is_sandbox: bool


@dataclass
class Checker:
    """Checks drafts against the services there are. Methods that occur in many drafts are read once.

    tcp: services whose connections pass through Envoy; redis: those of them that speak Redis.
    """

    services: Collection[str]
    tcp: Collection[str]
    redis: Collection[str]
    _steps: dict[str, tuple[Step, ...]] = field(default_factory=dict)
    _checks: dict[tuple[str, str], None] = field(default_factory=dict)
    _known: dict[tuple[object, ...], tuple[str, str, str, bool]] = field(default_factory=dict)
    _texts: dict[int, tuple[object, str]] = field(default_factory=dict)

    def checked(self, draft: ExperimentDraft) -> Checked:
        """Raises InvalidExperiment, which names the first thing that is wrong."""
        if not 0 < len(draft.name.strip()) <= 120 or not draft.name.isprintable():
            raise InvalidExperiment("name: a text of 1 to 120 characters is needed.", field="name")
        if not 0.01 <= draft.percent <= 100:
            raise InvalidExperiment("percent: from 0.01 to 100 is needed.", field="percent")
        shared = _shared(draft)
        known = self._known.get(shared)
        if known is None:
            # What drafts made in bulk have in common is checked once.
            known = self._known[shared] = self._read(draft)
        return Checked(draft, *known)

    def _read(self, draft: ExperimentDraft) -> tuple[str, str, str, bool]:
        self._words(draft)
        self._numbers(draft)
        method = self._text(draft.method)
        steps = self._steps.get(method)
        if steps is None:
            steps = self._steps[method] = steps_of(draft.method)
        self._targets(draft, steps)
        hypothesis = self._checked(draft.hypothesis, "hypothesis", 1)
        return hypothesis, method, self._checked(draft.safety, "safety", 1), _in_sandbox(draft, steps)

    def _checked(self, given: Sequence[Json], name: str, least: int) -> str:
        text = self._text(given)
        if (name, text) not in self._checks:
            checks_of(given, name, least=least)
            self._checks[name, text] = None
        return text

    def _text(self, given: Sequence[Json]) -> str:
        # By identity, the object kept alive beside it: bulk drafts share their lists.
        known = self._texts.get(id(given))
        if known is None:
            known = self._texts[id(given)] = (given, json.dumps(given, sort_keys=True, default=str))
        return known[1]

    def _words(self, draft: ExperimentDraft) -> None:
        if len(draft.description) > 2_000 or "\x00" in draft.description:
            raise InvalidExperiment("description: at most 2,000 characters.", field="description")
        if bool(draft.service) == bool(draft.route):
            raise InvalidExperiment("Name either a service or a route of the front door.", field="service")
        if draft.service and draft.service not in self.services:
            raise InvalidExperiment(f"service: there is no service {draft.service!r}.", field="service")
        if len(draft.route) > 120 or "\x00" in draft.route:
            raise InvalidExperiment("route: at most 120 characters.", field="route")
        if draft.header and not _HEADER.match(draft.header):
            raise InvalidExperiment("header: letters, digits and hyphens are needed.", field="header")
        if not _VALUE.match(draft.header_value):
            raise InvalidExperiment("header_value: at most 120 printable ASCII characters.", field="header_value")
        if not _PATH.match(draft.probe_path):
            raise InvalidExperiment("probe_path: a path that begins with / is needed.", field="probe_path")
        if draft.source not in {"probe", "calls"} or (
            draft.source == "calls" and (draft.route or draft.service in self.tcp)
        ):
            raise InvalidExperiment(
                "source: probe, or for an HTTP service of the mesh calls, is needed.", field="source"
            )

    def _numbers(self, draft: ExperimentDraft) -> None:
        for name, (least, most) in BOUNDS.items():
            if not least <= getattr(draft, name) <= most:
                raise InvalidExperiment(f"{name}: from {least:g} to {most:g} is needed.", field=name)
        if draft.repeat_s is not None:
            least = draft.baseline_s + draft.duration_s + draft.recovery_s
            if draft.starts_at is None or not least <= draft.repeat_s <= 31_536_000:
                raise InvalidExperiment(
                    f"repeat_s: with a start, and at least {least} seconds, which a run may take.", field="repeat_s"
                )

    def _targets(self, draft: ExperimentDraft, steps: Sequence[Step]) -> None:
        filtered: dict[str, int] = {}
        for index, step in enumerate(steps):
            target, place = step.service or draft.service, f"method[{index}]"
            if step.service and step.service not in self.services:
                raise InvalidExperiment(f"{place}.service: there is no service {step.service!r}.", field=place)
            if step.after_s >= draft.duration_s:
                raise InvalidExperiment(f"{place}.after_s: the experiment is over by then.", field=place)
            if step.mode in HOST_MODES:
                continue
            if not target and step.mode not in {"latency", "abort", "reset", "bandwidth"}:
                raise InvalidExperiment(f"{place}: {step.mode} needs a service.", field=place)
            self._protocol(step, target, place)
            filtered[target] = filtered.get(target, 0) + (step.mode in {"latency", "abort", "bandwidth", "cascade"})
        if max(filtered.values(), default=0) > SLOTS:
            raise InvalidExperiment(f"method: at most {SLOTS} delays, aborts and limits on one target.", field="method")

    def _protocol(self, step: Step, target: str, place: str) -> None:
        needed = {
            "database_latency": target in self.tcp and target not in self.redis,
            "redis_latency": target in self.redis,
        }
        if not needed.get(step.mode, target not in self.tcp):
            raise InvalidExperiment(f"{place}: {step.mode} is not possible on {target}.", field=place)


_OWN = {"name", "percent", "hypothesis", "method", "safety"}
_of_all = attrgetter(*(each.name for each in fields(ExperimentDraft) if each.name not in _OWN))


def _shared(draft: ExperimentDraft) -> tuple[object, ...]:
    """All that a check depends on but the name and the percent, which are its own; lists by identity, kept alive by `_texts`."""
    return (*_of_all(draft), id(draft.hypothesis), id(draft.method), id(draft.safety))


def _in_sandbox(draft: ExperimentDraft, steps: Sequence[Step]) -> bool:
    """Whether all it touches is in a mesh called sandbox or sandbox-…; what a host feels never is."""
    targets = [draft.service, *(step.service for step in steps if step.service)]
    return all(SANDBOX.match(each) for each in targets) and not any(step.mode in HOST_MODES for step in steps)

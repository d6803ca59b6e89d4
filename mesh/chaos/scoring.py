"""How well a service bore an experiment, from 0 to 100. Pure.

    score = 40 availability + 20 latency + 20 recovery + 20 hypothesis          each part from 0 to 1

    availability   availability during / availability before
    latency        p95 before / p95 during
    recovery       1 - recovery time / time given for it; 0 if it did not recover
    hypothesis     share of the hypothesis' checks that held during

A service's own score follows its runs: score <- score + 0.3 (score of the run - score), beginning with the first run's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.chaos.measuring import Figures
from mesh.chaos.method import Check

WEIGHTS = {"availability": 40.0, "latency": 20.0, "recovery": 20.0, "hypothesis": 20.0}
MEMORY = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A run's score with its parts, each from 0 to 1."""

    score: float
    parts: dict[str, float]


def score(
    *, before: Figures, during: Figures, checks: Sequence[Check], recovery_ms: int | None, recovery_given_ms: int
) -> Score | None:
    """The score of a run; None if it was not measured before or during."""
    if not before.availability_percent or during.availability_percent is None:
        return None
    slow_before, slow_during = before.p95_ms or 0.0, during.p95_ms or 0.0
    held = sum(check.holds(during.value(check.metric)) for check in checks)
    parts = {
        "availability": min(1.0, during.availability_percent / before.availability_percent),
        "latency": min(1.0, slow_before / slow_during) if slow_during else 1.0,
        "recovery": 0.0 if recovery_ms is None else max(0.0, 1.0 - recovery_ms / max(1, recovery_given_ms)),
        "hypothesis": held / len(checks) if checks else 1.0,
    }
    total = sum(WEIGHTS[name] * value for name, value in parts.items())
    return Score(score=round(total, 1), parts={name: round(value, 4) for name, value in parts.items()})


def followed(before: float | None, run: float) -> float:
    """A service's score after one more run."""
    return round(run if before is None else before + MEMORY * (run - before), 1)

"""What requests told: availability, errors, latencies, and how soon all was well again. Pure.

A request is an error if nobody answered (in time) or the status is 500 or more; it found the service unavailable if nobody
answered or the status is 502, 503 or 504. Percentiles are of the nearest rank, over errors too: a caller waits for these as well.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from mesh.chaos.method import Check

UNAVAILABLE = frozenset({0, 502, 503, 504})
SECOND_US = 1_000_000
STEP_US = 50_000
# Fewer requests tell nothing of a window.
LEAST_CALLS = 3


@dataclass(frozen=True, slots=True)
class Observation:
    """One request: when it was due, how long it took, and its status (0: no answer). Microseconds."""

    at_us: int
    duration_us: int
    status: int

    @property
    def is_error(self) -> bool:
        return self.status == 0 or self.status >= 500

    @property
    def ended_us(self) -> int:
        return self.at_us + self.duration_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a set of requests comes to. Percent with three decimals, milliseconds with three; None where there were no requests."""

    calls: int
    errors: int
    availability_percent: float | None = None
    error_percent: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None

    def value(self, metric: str) -> float | None:
        found: float | None = getattr(self, metric)
        return found

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def figures(observations: Sequence[Observation]) -> Figures:
    """The figures of these requests."""
    calls = len(observations)
    if not calls:
        return Figures(calls=0, errors=0)
    errors = sum(each.is_error for each in observations)
    missing = sum(each.status in UNAVAILABLE for each in observations)
    durations = sorted(each.duration_us for each in observations)
    return Figures(
        calls=calls,
        errors=errors,
        availability_percent=round(100 * (calls - missing) / calls, 3),
        error_percent=round(100 * errors / calls, 3),
        p50_ms=_rank(durations, 50),
        p95_ms=_rank(durations, 95),
        p99_ms=_rank(durations, 99),
    )


def _rank(ordered: Sequence[int], percent: int) -> float:
    index = -(-len(ordered) * percent // 100) - 1
    return ordered[index] / 1_000


def ended_since(observations: Sequence[Observation], start_us: int) -> list[Observation]:
    """Those whose answer came at `start` or later, of a list in the order of answers give or take a second."""
    found = []
    for each in reversed(observations):
        if each.ended_us >= start_us:
            found.append(each)
        elif each.ended_us < start_us - SECOND_US:
            break
    return found


def begun_between(observations: Iterable[Observation], start_us: int, end_us: int) -> list[Observation]:
    """Those that were sent in [start, end)."""
    return [each for each in observations if start_us <= each.at_us < end_us]


def recovered_us(
    observations: Iterable[Observation], checks: Sequence[Check], *, from_us: int, until_us: int
) -> tuple[int | None, int]:
    """The begin of the first second in [from, until) in which every check holds, and where to look on from if there is none yet.

    Looked at every 50 ms; a second with fewer than LEAST_CALLS requests tells nothing. `until`: requests sent before it have
    been answered or given up.
    """
    seen = sorted((each for each in observations if each.at_us >= from_us), key=lambda each: each.at_us)
    begun = [each.at_us for each in seen]
    start = from_us
    while start + SECOND_US <= until_us:
        window = seen[bisect_left(begun, start) : bisect_left(begun, start + SECOND_US)]
        if len(window) >= LEAST_CALLS:
            found = figures(window)
            if all(check.holds(found.value(check.metric)) for check in checks):
                return start, start
        start += STEP_US
    return None, start

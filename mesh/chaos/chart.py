"""The chart of a run's seconds, as coordinates for an inline SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.chaos.method import Check

WIDTH, HEIGHT = 720, 180
# By metric, the line it belongs to.
_DRAWN = {"p50_ms": "p50", "p95_ms": "p95", "error_percent": "errors"}


@dataclass(frozen=True, slots=True)
class Second:
    """One second: how far into the run (seconds), phase, and its figures (None: no requests)."""

    at_s: float
    phase: str
    p50_ms: float | None
    p95_ms: float | None
    error_percent: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """What the hypothesis claims of a metric that is drawn: how far down its line lies, and the claim in words."""

    metric: str
    y: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Paths for latency and errors, the hypothesis' limits, the shade of the injection, and the scales' ends."""

    width: int
    height: int
    p50: str
    p95: str
    errors: str
    limits: Sequence[Limit]
    shade_x: float
    shade_width: float
    most_ms: float
    length_s: float


def chart(seconds: Sequence[Second], checks: Sequence[Check] = ()) -> Chart:
    """Latency from 0 to the highest p95 or limit of latency, errors from 0 to 100 percent, time from the run's start to its end."""
    length = max((each.at_s for each in seconds), default=0.0) + 1
    latencies = [each.p95_ms for each in seconds if each.p95_ms is not None]
    latencies += [check.limit for check in checks if check.metric in {"p50_ms", "p95_ms"}]
    most = max(latencies, default=0.0) or 1.0
    shaded = [each.at_s for each in seconds if each.phase == "injecting"]
    start, end = (min(shaded), max(shaded) + 1) if shaded else (0.0, 0.0)

    def path(points: Sequence[tuple[float, float | None]], top: float) -> str:
        drawn, pen = "", "M"
        for at_s, value in points:
            if value is None:
                pen = "M"  # a gap, not a line across it
                continue
            drawn += f"{pen}{WIDTH * (at_s + 0.5) / length:.1f} {_down(value, top)}"
            pen = "L"
        return drawn

    return Chart(
        width=WIDTH,
        height=HEIGHT,
        p50=path([(each.at_s, each.p50_ms) for each in seconds], most),
        p95=path([(each.at_s, each.p95_ms) for each in seconds], most),
        errors=path([(each.at_s, each.error_percent) for each in seconds], 100.0),
        limits=[
            Limit(name, _down(check.limit, most if name != "errors" else 100.0), check.words)
            for check in checks
            if (name := _DRAWN.get(check.metric, ""))
        ],
        shade_x=round(WIDTH * start / length, 1),
        shade_width=round(WIDTH * (end - start) / length, 1),
        most_ms=round(most, 1),
        length_s=round(length, 1),
    )


def _down(value: float, top: float) -> float:
    """How far below the chart's upper edge a value lies."""
    return round(HEIGHT - 4 - (HEIGHT - 8) * value / top, 1)

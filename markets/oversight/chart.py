"""Geometry of the small charts that pages draw as inline SVG. Pure: figures in, coordinates out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart whose origin is the top left corner, in the chart's own units."""

    x: float
    y: float
    width: float
    height: float
    text: str


def bars(values: Sequence[tuple[str, int]], *, width: float, height: float, gap: float = 0.25) -> list[Bar]:
    """Bars of (text, value) side by side, the largest as high as the chart; `gap` is a share of a bar's place."""
    largest = max((value for _, value in values), default=0)
    place = width / len(values) if values else 0.0
    drawn = []
    for index, (text, value) in enumerate(values):
        tall = height * value / largest if largest else 0.0
        drawn.append(
            Bar(
                round(index * place + place * gap / 2, 2),
                round(height - tall, 2),
                round(place * (1 - gap), 2),
                round(tall, 2),
                text,
            )
        )
    return drawn


def steps(points: Sequence[tuple[float, float]], *, width: float, height: float, low: float, high: float) -> str:
    """An SVG path through (x in 0..1, y in low..high) that holds each value until the next, to the right edge."""
    if not points:
        return ""
    path = ""
    for index, (x, y) in enumerate(points):
        across, down = round(width * x, 1), round(height * (high - y) / (high - low), 1)
        path += f"M{across} {down}" if index == 0 else f"H{across}V{down}"
    return f"{path}H{round(width, 1)}"

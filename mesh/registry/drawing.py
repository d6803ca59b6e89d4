"""Where a mesh's graph is drawn. Pure: a graph and a width in, coordinates out.

Callers stand above those they call. A service's layer is the longest way to it from one that nobody calls; where services call
one another in a circle, the call that closes it is drawn upwards. A layer with more services than fit beside one another
takes several rows. The same graph is always drawn alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10

from mesh.registry.graph import Edge, Graph, Vertex

BOX_WIDTH, BOX_HEIGHT = 164.0, 62.0
GAP_X, GAP_Y = 28.0, 66.0
MARGIN = 12.0
LONGEST_NAME = 19


@dataclass(frozen=True, slots=True)
class Box:
    """A service, by its top left corner."""

    vertex: Vertex
    x: float
    y: float
    width: float = BOX_WIDTH
    height: float = BOX_HEIGHT

    @property
    def name(self) -> str:
        """As much of the name as fits."""
        name = self.vertex.name
        return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"

    @property
    def text_x(self) -> float:
        return self.x + 14

    @property
    def baselines(self) -> tuple[float, float, float]:
        """Of the name, the type and the figures."""
        return self.y + 21, self.y + 36, self.y + 52


@dataclass(frozen=True, slots=True)
class Line:
    """A call, as an SVG path, and the middle of it."""

    edge: Edge
    path: str
    label_x: float
    label_y: float
    stroke: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw, lines first; sizes in the drawing's own units, which are pixels at full size."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(graph: Graph, *, across: int) -> Drawing:
    """The graph with at most `across` services beside one another."""
    rows = _rows(graph, across)
    widest = max((len(row) for row in rows), default=1)
    width = 2 * MARGIN + widest * BOX_WIDTH + (widest - 1) * GAP_X
    boxes: dict[str, Box] = {}
    for number, row in enumerate(rows):
        left = (width - len(row) * BOX_WIDTH - (len(row) - 1) * GAP_X) / 2
        for place, vertex in enumerate(row):
            boxes[vertex.name] = Box(
                vertex, round(left + place * (BOX_WIDTH + GAP_X), 1), MARGIN + number * (BOX_HEIGHT + GAP_Y)
            )
    height = 2 * MARGIN + max(len(rows), 1) * BOX_HEIGHT + max(len(rows) - 1, 0) * GAP_Y
    return Drawing(width, height, tuple(boxes.values()), tuple(_lines(graph.edges, boxes)))


def layers(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The layer of each name, from 0. `pairs`: (caller, called). Callers come before those they call, circles apart."""
    forward = _without_circles(names, pairs)
    callers: dict[str, list[str]] = {name: [] for name in names}
    for name, called in forward.items():
        for other in called:
            callers[other].append(name)
    found: dict[str, int] = {}

    def layer(name: str) -> int:
        # Explicitly, since a chain may be longer than Python's stack.
        waiting = [name]
        while waiting:
            top = waiting[-1]
            unknown = [each for each in callers[top] if each not in found]
            if unknown:
                waiting.extend(unknown)
                continue
            found[top] = 1 + max((found[each] for each in callers[top]), default=-1)
            waiting.pop()
        return found[name]

    return {name: layer(name) for name in names}


def _without_circles(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Whom each calls, without the calls that lead back to where a walk came from."""
    called: dict[str, list[str]] = {name: [] for name in names}
    for one, other in sorted(set(pairs)):
        if one != other:
            called[one].append(other)
    entered = {other for _, other in pairs}
    kept: dict[str, list[str]] = {name: [] for name in names}
    done: set[str] = set()
    for start in sorted(names, key=lambda name: (name in entered, name)):
        on_way: set[str] = set()
        walk = [(start, iter(called[start]))] if start not in done else []
        on_way.update(name for name, _ in walk)
        while walk:
            name, rest = walk[-1]
            step = next(rest, None)
            if step is None:
                walk.pop()
                on_way.discard(name)
                done.add(name)
            elif step not in on_way:
                kept[name].append(step)
                if step not in done:
                    on_way.add(step)
                    walk.append((step, iter(called[step])))
    return kept


def _rows(graph: Graph, across: int) -> list[list[Vertex]]:
    pairs = [(each.caller, each.called) for each in graph.edges]
    at = layers([each.name for each in graph.vertices], pairs)
    callers: dict[str, list[str]] = {}
    for one, other in pairs:
        callers.setdefault(other, []).append(one)
    place: dict[str, float] = {}
    rows: list[list[Vertex]] = []
    for number in range(max(at.values(), default=-1) + 1):
        here = [each for each in graph.vertices if at[each.name] == number]
        # Under their callers, so that fewer lines cross; then by type, so that those of one kind stand together.
        here.sort(key=lambda each: (_middle(callers.get(each.name, ()), place), each.type, each.name))
        rows += [here[start : start + across] for start in range(0, len(here), across)]
        place.update({each.name: (index % across + 0.5) / min(len(here), across) for index, each in enumerate(here)})
    return rows


def _middle(callers: Sequence[str], place: Mapping[str, float]) -> float:
    known = [place[each] for each in callers if each in place]
    return round(sum(known) / len(known), 3) if known else 0.5


def _lines(edges: Sequence[Edge], boxes: Mapping[str, Box]) -> list[Line]:
    """Lines leave below and arrive above, spread over the box's width in the order of where they lead."""
    leaving: dict[str, list[str]] = {}
    arriving: dict[str, list[str]] = {}
    for edge in edges:
        leaving.setdefault(edge.caller, []).append(edge.called)
        arriving.setdefault(edge.called, []).append(edge.caller)
    for ends in (*leaving.values(), *arriving.values()):
        ends.sort(key=lambda name: (boxes[name].x, name))
    drawn = []
    for edge in edges:
        start, end = boxes[edge.caller], boxes[edge.called]
        x1, x2 = _port(start, leaving[edge.caller], edge.called), _port(end, arriving[edge.called], edge.caller)
        drawn.append(_line(edge, x1, start.y + BOX_HEIGHT, x2, end.y))
    return drawn


def _port(box: Box, ends: Sequence[str], end: str) -> float:
    return box.x + BOX_WIDTH * (ends.index(end) + 1) / (len(ends) + 1)


def _line(edge: Edge, x1: float, y1: float, x2: float, y2: float) -> Line:
    # Upwards or sideways it leaves below and arrives above all the same, in a wider bow.
    bend = max(abs(y2 - y1) / 2, GAP_Y / 2) if y2 > y1 else GAP_Y
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
    rate = edge.traffic.per_s if edge.traffic else 0.0
    return Line(edge, path, round((x1 + x2) / 2, 1), round((y1 + y2) / 2 + 4, 1), round(1.25 + log10(1 + rate), 2))


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """A minute's calls and, within them, its errors."""

    x: float
    width: float
    y: float
    height: float
    error_y: float
    error_height: float
    text: str


def minute_bars(minutes: Sequence[tuple[str, int, int]], *, width: float, height: float) -> list[MinuteBar]:
    """Bars of (text, calls, errors) side by side, the busiest minute as high as the chart."""
    most = max((calls for _, calls, _ in minutes), default=0)
    place = width / len(minutes) if minutes else 0.0
    drawn = []
    for index, (text, calls, errors) in enumerate(minutes):
        tall, bad = (height * calls / most, height * errors / most) if most else (0.0, 0.0)
        x, wide = round(index * place + place * 0.1, 2), round(place * 0.8, 2)
        drawn.append(
            MinuteBar(x, wide, round(height - tall, 2), round(tall, 2), round(height - bad, 2), round(bad, 2), text)
        )
    return drawn

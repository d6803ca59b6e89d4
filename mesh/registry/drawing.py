"""Where a mesh's graph is drawn. Pure: a graph and a width in, coordinates out.

Callers stand above those they call. A service's layer is the longest way to it from one that nobody calls; where services call
one another in a circle, the call that closes it is drawn upwards. A layer with more services than fit beside one another
takes several rows. The same graph is always drawn alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10

from mesh.registry.graph import Edge, Graph, Vertex

WIDE_BOX, NARROW_BOX = 164.0, 148.0
BOX_HEIGHT = 62.0
GAP_X, GAP_Y = 32.0, 70.0
# Room for lines that pass a row at its ends.
MARGIN_X, MARGIN_Y = 28.0, 12.0
# Lines that pass through one gap keep this far apart, as long as there is room.
LANE = 5.0
CHARACTER = 8.4


@dataclass(frozen=True, slots=True)
class Box:
    """A service, by its top left corner."""

    vertex: Vertex
    x: float
    y: float
    width: float
    height: float = BOX_HEIGHT

    @property
    def name(self) -> str:
        """As much of the name as fits."""
        name, most = self.vertex.name, int((self.width - 20) / CHARACTER)
        return name if len(name) <= most else f"{name[: most - 1]}…"

    @property
    def text_x(self) -> float:
        return self.x + 14

    @property
    def baselines(self) -> tuple[float, float, float]:
        """Of the name, the type and the figures."""
        return self.y + 21, self.y + 36, self.y + 52


@dataclass(frozen=True, slots=True)
class Line:
    """A call, as an SVG path, and where its rate is written."""

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


def draw(graph: Graph, *, across: int, box_width: float = WIDE_BOX) -> Drawing:
    """The graph with at most `across` services beside one another."""
    rows = _rows(graph, across)
    widest = max((len(row) for row in rows), default=1)
    width = 2 * MARGIN_X + widest * box_width + (widest - 1) * GAP_X
    placed = [_placed(row, number, width, box_width) for number, row in enumerate(rows)]
    height = 2 * MARGIN_Y + max(len(rows), 1) * BOX_HEIGHT + max(len(rows) - 1, 0) * GAP_Y
    boxes = tuple(box for row in placed for box in row)
    return Drawing(width, height, boxes, tuple(Router(placed, width).lines(graph.edges)))


def _placed(row: Sequence[Vertex], number: int, width: float, box_width: float) -> list[Box]:
    left = (width - len(row) * box_width - (len(row) - 1) * GAP_X) / 2
    y = MARGIN_Y + number * (BOX_HEIGHT + GAP_Y)
    return [Box(vertex, round(left + place * (box_width + GAP_X), 1), y, box_width) for place, vertex in enumerate(row)]


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


class Router:
    """Leads lines from box to box: out below, in above, and past the rows between through the gaps between boxes."""

    def __init__(self, rows: Sequence[Sequence[Box]], width: float) -> None:
        self._boxes = {box.vertex.name: box for row in rows for box in row}
        self._row_of = {box.vertex.name: number for number, row in enumerate(rows) for box in row}
        self._gaps = [_gaps(row, width) for row in rows]
        self._tops = [row[0].y for row in rows]
        self._taken: dict[tuple[int, float], int] = {}

    def lines(self, edges: Sequence[Edge]) -> list[Line]:
        """In the order of the edges."""
        leaving: dict[str, list[str]] = {}
        arriving: dict[str, list[str]] = {}
        for edge in edges:
            leaving.setdefault(edge.caller, []).append(edge.called)
            arriving.setdefault(edge.called, []).append(edge.caller)
        for ends in (*leaving.values(), *arriving.values()):
            ends.sort(key=lambda name: (self._boxes[name].x, name))
        return [self._line(edge, leaving[edge.caller], arriving[edge.called]) for edge in edges]

    def _line(self, edge: Edge, leaving: Sequence[str], arriving: Sequence[str]) -> Line:
        start, end = self._boxes[edge.caller], self._boxes[edge.called]
        x1, x2 = _port(start, leaving, edge.called), _port(end, arriving, edge.caller)
        y1 = start.y + start.height
        path, x, y = f"M{x1:.1f} {y1:.1f}", x1, y1
        for row in range(self._row_of[edge.caller] + 1, self._row_of[edge.called]):
            share = (self._tops[row] - y1) / (end.y - y1)
            lane = self._lane(row, x1 + (x2 - x1) * share)
            path += _bow(x, y, lane, self._tops[row]) + f"V{self._tops[row] + BOX_HEIGHT:.1f}"
            x, y = lane, self._tops[row] + BOX_HEIGHT
        path += _bow(x, y, x2, end.y)
        rate = edge.traffic.per_s if edge.traffic else 0.0
        # Rates of neighbours stand at different heights, so that they do not cover one another.
        label_y = end.y - 14 - 12 * (arriving.index(edge.caller) % 3)
        return Line(edge, path, round(x2, 1), round(label_y, 1), round(1.25 + log10(1 + rate), 2))

    def _lane(self, row: int, x: float) -> float:
        """Where it would go if it is free there; else the nearest gap, a little beside those who pass through it already."""
        if not self._gaps[row][0] < x < self._gaps[row][-1]:
            return x
        gap = min(self._gaps[row], key=lambda each: abs(each - x))
        count = self._taken.get((row, gap), 0)
        self._taken[row, gap] = count + 1
        aside = (count + 1) // 2 * LANE * (1 if count % 2 else -1)
        return gap + max(-GAP_X / 2 + 4, min(GAP_X / 2 - 4, aside))


def _gaps(row: Sequence[Box], width: float) -> list[float]:
    """The middles of the gaps between a row's boxes, and of what is left and right of them."""
    inner = [box.x + box.width + GAP_X / 2 for box in row[:-1]]
    return [
        max(row[0].x - GAP_X / 2, GAP_X / 2 - 4),
        *inner,
        min(row[-1].x + row[-1].width + GAP_X / 2, width - GAP_X / 2 + 4),
    ]


def _port(box: Box, ends: Sequence[str], end: str) -> float:
    return box.x + box.width * (ends.index(end) + 1) / (len(ends) + 1)


def _bow(x1: float, y1: float, x2: float, y2: float) -> str:
    # Upwards or sideways it leaves below and arrives above all the same, in a wider bow.
    bend = (y2 - y1) / 2 if y2 > y1 else GAP_Y
    return f"C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"


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

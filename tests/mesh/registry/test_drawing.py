"""The graph's geometry: callers above those they call, nothing on top of another, the same picture for the same graph."""

import re
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mesh.registry.drawing import draw, layers, minute_bars
from mesh.registry.graph import Edge, Graph, Vertex

AT = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"s{number}" for number in range(9)]
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1]))


def a_graph(called) -> Graph:
    edges = tuple(Edge(caller=one, called=other) for one, other in sorted(set(called)))
    return Graph(
        mesh="m", since=AT, until=AT, vertices=tuple(Vertex(name=name, mesh="m") for name in NAMES), edges=edges
    )


def has_circle(called) -> bool:
    left = set(called)
    while left:
        inner = {pair for pair in left if any(pair[1] == other[0] for other in left)}
        if inner == left:
            return True
        left = inner
    return False


@given(pairs)
def test_callers_stand_above_those_they_call_unless_they_call_in_a_circle(called):
    at = layers(NAMES, called)
    assert set(at) == set(NAMES)
    assert min(at.values()) == 0
    if not has_circle(called):
        assert all(at[one] < at[other] for one, other in called)


@given(pairs, st.integers(1, 6))
def test_no_service_is_drawn_over_another_or_outside(called, across):
    drawing = draw(a_graph(called), across=across)
    assert sorted(box.vertex.name for box in drawing.boxes) == NAMES
    corners = {(box.x, box.y) for box in drawing.boxes}
    assert len(corners) == len(NAMES)
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
        others = [each for each in drawing.boxes if each is not box and each.y == box.y]
        assert all(abs(each.x - box.x) >= box.width for each in others)
    assert len(drawing.lines) == len(set(called))


@given(pairs, st.integers(1, 4))
def test_no_line_passes_through_a_service_on_its_way(called, across):
    drawing = draw(a_graph(called), across=across)
    for line in drawing.lines:
        # A line is upright only where it passes a row: "… x y V y2".
        for x, top in re.findall(r"([\d.]+) ([\d.]+)V", line.path):
            passed = [box for box in drawing.boxes if box.y == float(top)]
            assert passed
            assert not any(box.x <= float(x) <= box.x + box.width for box in passed)


@given(pairs)
def test_the_same_graph_is_always_drawn_alike(called):
    assert draw(a_graph(called), across=4) == draw(a_graph(reversed(called)), across=4)


def test_a_long_chain_is_no_trouble():
    names = [f"n{number:05}" for number in range(3_000)]
    at = layers(names, list(pairwise(names)))
    assert at[names[-1]] == 2_999


def test_bars_are_as_high_as_their_minutes_are_busy():
    drawn = minute_bars([("a", 0, 0), ("b", 10, 5), ("c", 20, 0)], width=30, height=100)
    assert [bar.height for bar in drawn] == [0, 50, 100]
    assert [bar.error_height for bar in drawn] == [0, 25, 0]
    assert all(bar.y + bar.height == 100 for bar in drawn)

"""The store of rendered answers: it gives back only what shows the state asked for, and stays within its budget."""

from datetime import UTC, datetime, timedelta
from threading import Lock

from hypothesis import given
from hypothesis import strategies as st

from opinion_market.api.representations import Representation, Representations
from tests.concurrency.threads import at_once

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def made(state: object, *, size: int = 10, valid_until: datetime | None = None) -> Representation:
    return Representation(bytes(size), str(state), f'W/"{state}"', valid_until)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=60))
def test_an_answer_is_given_only_for_the_state_it_shows(steps):
    kept, last = Representations(), {}
    for key, state, keeps in steps:
        if keeps:
            kept.keep(key, made(state))
            last[key] = str(state)
        found = kept.find(key, str(state), now=NOON)
        assert (found is not None) == (last.get(key) == str(state))
        assert found is None or found.state == str(state)


def test_an_answer_that_time_changes_is_given_until_then():
    kept = Representations()
    kept.keep("book", made(1, valid_until=NOON))
    assert kept.find("book", "1", now=NOON - timedelta(microseconds=1)) is not None
    assert kept.find("book", "1", now=NOON) is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3_000)), max_size=60))
def test_the_budget_holds_and_what_was_asked_last_stays(entries):
    capacity = 20_000
    kept = Representations(capacity)
    newest: dict[int, int] = {}
    for key, size in entries:
        kept.keep(key, made("now", size=size))
        newest.pop(key, None)
        if size + 500 <= capacity // 8:
            newest[key] = size
    expected, total = set(), 0
    for key, size in reversed(newest.items()):
        total += size + 500
        if total > capacity:
            break
        expected.add(key)
    assert {key for key in range(21) if kept.find(key, "now", now=NOON)} == expected


def test_many_who_ask_at_once_have_it_rendered_once():
    kept, rendered, guard = Representations(), [], Lock()

    def render() -> Representation:
        with guard:
            rendered.append(1)
        return made("now")

    answers = at_once([lambda: kept.find_or_render("k", "now", now=NOON, render=render)] * 8)
    assert len(rendered) == 1
    assert len({id(answer) for answer in answers}) == 1


def test_a_failure_to_render_keeps_nothing_and_holds_nobody_up():
    kept = Representations()

    def fail() -> Representation:
        raise LookupError

    for _ in range(2):
        try:
            kept.find_or_render("k", "now", now=NOON, render=fail)
        except LookupError:
            continue
        raise AssertionError("The failure was swallowed.")
    assert kept.find_or_render("k", "now", now=NOON, render=lambda: made("now")).state == "now"

"""Statements and proofs in tests: taking one apart, changing a value, asking the offline check."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.api_markets.venue import Person
from tools import verify_proof


def public_key(person: Person) -> str:
    (key,) = (each for each in person.get("event-sourcing/keys")["keys"] if each["present"])
    return str(key["public_key"])


def lines_of(statement: dict[str, Any]) -> list[dict[str, Any]]:
    (account,) = statement["accounts"]
    lines: list[dict[str, Any]] = account["lines"]
    return lines


def leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all plain values."""
    if isinstance(document, dict | list):
        for name, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield from leaves(value, (*path, name))
    else:
        yield path


def changed(document: Any, path: tuple[Any, ...]) -> Any:
    """A copy with another value at this path."""
    copied = copy.deepcopy(document)
    place = copied
    for name in path[:-1]:
        place = place[name]
    value = place[path[-1]]
    if isinstance(value, bool) or value is None:
        place[path[-1]] = 1
    elif isinstance(value, int):
        place[path[-1]] = value + 1
    elif value:
        place[path[-1]] = value[:-1] + ("0" if value[-1] != "0" else "1")
    else:
        place[path[-1]] = "x"
    return copied


def verdict_of(document: Any) -> str:
    """Like the program, within this process: there are hundreds of fields to change."""
    try:
        if document["format"] == verify_proof.EVENT_FORMAT:
            return verify_proof.check_event_proof(document, None, set())
        assert document["format"] == verify_proof.STATEMENT_FORMAT
        return verify_proof.check_statement(document, None, set())
    except (verify_proof.Refused, KeyError, ValueError, TypeError, OverflowError, AssertionError):
        return "refused"

"""What of a book changed between two readings, so that a client can keep its own copy without being sent the whole."""

from collections.abc import Sequence
from typing import Any

Body = dict[str, Any]
_SIDES = ("bids", "offers")
# What is sent as it now is: of the book always, of an outcome whenever the outcome is sent.
_OF_BOOK = ("market", "status", "version", "sequence", "house_liquidity")
_OF_OUTCOME = ("outcome", "last_price", "house_price")


def delta(before: Body, after: Body) -> Body:
    """The changed levels of the changed outcomes; a level that is gone (or no longer among the best) has quantity 0.

    before, after: books of one market, with as many outcomes, as `GET /markets/{id}/book` answers them but for `at`.
    `previous_version` is what a client's copy must have for the delta to fit it.
    """
    changed = []
    for old, new in zip(before["outcomes"], after["outcomes"], strict=True):
        if old != new:
            sides = {side: _changed_levels(old[side], new[side]) for side in _SIDES}
            changed.append({**{name: new[name] for name in _OF_OUTCOME}, **sides})
    return {**{name: after[name] for name in _OF_BOOK}, "previous_version": before["version"], "outcomes": changed}


def _changed_levels(before: Sequence[Body], after: Sequence[Body]) -> list[Body]:
    old, new = ({level["price"]: level for level in levels} for levels in (before, after))
    gone: list[Body] = [{"price": price, "quantity": 0, "orders": 0} for price in old if price not in new]
    return [level for price, level in new.items() if old.get(price) != level] + gone

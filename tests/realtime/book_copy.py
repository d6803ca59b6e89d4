"""A client's own copy of a book, kept as docs/realtime.md says."""

from typing import Any


class Gap(Exception):
    """A delta does not fit the copy."""


class BookCopy:
    def __init__(self, book: dict[str, Any]) -> None:
        self._take(book)

    def hear(self, data: dict[str, Any]) -> bool:
        """Apply an update's data; whether it was about the book. Raises Gap."""
        if data["kind"] == "book":
            self._take(data["book"])
        elif data["kind"] == "book_delta":
            self._apply(data["delta"])
        return data["kind"] in {"book", "book_delta"}

    def as_answered(self) -> dict[str, Any]:
        """As GET /book would answer it, but for the time it was read."""
        outcomes = [
            {
                **outcome,
                "bids": [levels["bids"][price] for price in sorted(levels["bids"], reverse=True)],
                "offers": [levels["offers"][price] for price in sorted(levels["offers"])],
            }
            for outcome, levels in zip(self._outcomes, self._levels, strict=True)
        ]
        return {**self._book, "outcomes": outcomes}

    @property
    def version(self) -> int:
        return self._book["version"]

    def _take(self, book: dict[str, Any]) -> None:
        self._book = {name: value for name, value in book.items() if name not in {"at", "outcomes"}}
        self._outcomes = [_without_levels(outcome) for outcome in book["outcomes"]]
        self._levels = [
            {side: {level["price"]: level for level in outcome[side]} for side in ("bids", "offers")}
            for outcome in book["outcomes"]
        ]

    def _apply(self, delta: dict[str, Any]) -> None:
        if delta["previous_version"] != self.version:
            raise Gap(f"{delta['previous_version']} does not follow {self.version}")
        self._book = {
            name: value for name, value in delta.items() if name not in {"at", "outcomes", "previous_version"}
        }
        for outcome in delta["outcomes"]:
            index = outcome["outcome"]
            self._outcomes[index] = _without_levels(outcome)
            for side in ("bids", "offers"):
                for level in outcome[side]:
                    self._levels[index][side][level["price"]] = level
                    if level["quantity"] == 0:
                        del self._levels[index][side][level["price"]]


def _without_levels(outcome: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in outcome.items() if name not in {"bids", "offers"}}

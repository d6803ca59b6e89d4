"""Where a client's own orders and fills were left off, so that it gets what it missed, and no fill twice.

Trades of different markets are committed in another order than they begin, so no single number can say what has been told.
Within a market the sequence of trades can: a cursor holds, for the markets in which something was told lately, the last
trade told, and a time before which all has been told everywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from markets.realtime.frames import InvalidFrame
from opinion_market.kernel.clock import from_microseconds, microseconds

# A batch is dated when it begins. It is committed within this time, or what it did to an order may be missed by a client
# that was away at that moment; waiting for a market's lock takes milliseconds.
OVERLAP = timedelta(seconds=60)
# A cursor must fit into a client's frame.
MOST_MARKETS = 100
_TICK = timedelta(microseconds=1)
_TEXT = re.compile(r"(\d{1,16})\.(\d{1,16})((?:;[0-9a-f]{32}:\d{1,18}){0,100})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """at: when what was told last was read. since: fills executed before have been told, and of those after it the ones up to
    the sequences in `told`."""

    at: datetime
    since: datetime
    told: Mapping[UUID, int]

    @property
    def orders_since(self) -> datetime:
        """Orders changed before have been told as they are."""
        return self.at - OVERLAP

    @property
    def text(self) -> str:
        """To be kept by the client: it means nothing to others."""
        markets = "".join(f";{market.hex}:{sequence}" for market, sequence in self.told.items())
        return f"{microseconds(self.at)}.{microseconds(self.since)}{markets}"

    @classmethod
    def of(cls, text: object) -> "Cursor":
        """Raises InvalidFrame."""
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise InvalidFrame("resume_from is the cursor of the last frame of this channel.")
        at, since, markets = found.groups()
        pairs = (pair.split(":") for pair in markets.split(";")[1:])
        return cls(
            from_microseconds(int(at)),
            from_microseconds(int(since)),
            {UUID(hex=market): int(sequence) for market, sequence in pairs},
        )


class Told:
    """The fills that a client has been told of, as far as its next cursor needs to know them."""

    def __init__(self, since: datetime) -> None:
        """All that was executed before `since` has been told, or is not going to be."""
        self._since = since
        self._last: dict[UUID, tuple[datetime, int]] = {}

    @classmethod
    def by(cls, cursor: Cursor) -> "Told":
        told = cls(cursor.since)
        for market, sequence in cursor.told.items():
            told.add(market, sequence, cursor.at)
        return told

    def add(self, market: UUID, sequence: int, executed_at: datetime) -> None:
        before_at, before = self._last.get(market, (executed_at, 0))
        self._last[market] = max(executed_at, before_at), max(sequence, before)

    def cursor(self, at: datetime) -> Cursor:
        """After a reading that began at `at`."""
        since = max(self._since, at - OVERLAP)
        recent = sorted(
            ((moment, market, sequence) for market, (moment, sequence) in self._last.items() if moment >= since),
            reverse=True,
        )
        if len(recent) > MOST_MARKETS:  # the time says it for those that do not fit
            since = recent[MOST_MARKETS][0] + _TICK
            recent = [each for each in recent[:MOST_MARKETS] if each[0] >= since]
        self._since = since
        self._last = {market: (moment, sequence) for moment, market, sequence in recent}
        return Cursor(at, since, {market: sequence for _, market, sequence in recent})

"""Reading one market for its channel, in a worker's thread."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from markets.analytics.markets.ranking import day_figures
from markets.lifecycle.api.shapes import market_body
from markets.lifecycle.glance import STAMP
from markets.lifecycle.models import Market
from markets.realtime.audience import Audience
from markets.realtime.frames import encode
from markets.trading.api.market_data import book_body
from markets.trading.api.shapes import trade_body
from markets.trading.book import market_book
from markets.trading.errors import MarketNotFound
from markets.trading.selectors import trades_in
from opinion_market.kernel import clock
from opinion_market.kernel.prepared import array_literal, run_prepared

DEPTH = 20
TRADES_AT_ONCE = 1_000

# What changes with every trade, and is in the book's and the trades' news already.
_TRADING = {"version", "sequence", "open_sets", "volume", "volume_value", "volume_24h", "volume_24h_value"}
_TRADING |= {"last_trade_at", "outcomes"}


@dataclass(frozen=True, slots=True)
class Tape:
    """A trade as it is sent."""

    sequence: int
    body: str


@dataclass(frozen=True, slots=True)
class BookReading:
    """A market's book after event `version` and trade `sequence`, and the trades since a sequence, oldest first.

    `book` is what `body` encodes, without the time it was read; `content` what of it can be seen to change. `is_all`: false
    if there are more trades up to `sequence`.
    """

    at: datetime
    version: int
    sequence: int
    status: str
    outcomes: int
    book: dict[str, Any]
    body: str
    content: str
    next_expiry: datetime | None
    trades: list[Tape]
    is_all: bool


@dataclass(frozen=True, slots=True)
class MarketReading:
    """A market's body, what of it does not change with every trade, and who may see it."""

    version: int
    body: str
    terms: str
    audience: Audience


def read_book(market_id: UUID, after: int | None) -> BookReading:
    """The book, and the trades after a sequence; None: the newest `TRADES_AT_ONCE`. Raises MarketNotFound."""
    now = clock.now()
    book = market_book(market_id, now=now, depth=DEPTH)
    since = max(0, book.sequence - TRADES_AT_ONCE) if after is None else after
    trades = read_trades(market_id, since, book.sequence) if since < book.sequence else []
    content: dict[str, Any] = book_body(book)
    return BookReading(
        at=now,
        version=book.version,
        sequence=book.sequence,
        status=book.status,
        outcomes=len(book.outcomes),
        book=content,
        body=encode({**content, "at": now}),
        content=encode({name: value for name, value in content.items() if name not in {"version", "sequence"}}),
        next_expiry=book.next_expiry,
        trades=trades,
        is_all=not trades or trades[-1].sequence == book.sequence,
    )


def read_trades(market_id: UUID, after: int, up_to: int) -> list[Tape]:
    """At most `TRADES_AT_ONCE` trades with after < sequence <= up_to, oldest first."""
    found = trades_in(market_id).filter(sequence__gt=after, sequence__lte=up_to).order_by("sequence")
    return [Tape(trade.sequence, encode(trade_body(trade))) for trade in found[:TRADES_AT_ONCE]]


def read_market(market_id: UUID) -> MarketReading:
    """The market without the people behind it. Three queries. Raises MarketNotFound."""
    market = Market.objects.select_related("organization").prefetch_related("outcomes").filter(pk=market_id).first()
    if market is None:
        raise MarketNotFound(market=str(market_id))
    day = day_figures([market_id], now=clock.now())[market_id]
    body = market_body(market, shows_people=False, day=day)
    terms: dict[str, Any] = {name: value for name, value in body.items() if name not in _TRADING}
    terms["outcomes"] = [(outcome.label, market.payout_units) for outcome in market.outcomes.all()]
    return MarketReading(market.version, encode(body), encode(terms), Audience.of(market))


def read_stamps(market_ids: list[UUID]) -> dict[UUID, str]:
    """What names the state of each of these markets' rows. One query."""
    statement = f"SELECT id, {STAMP} FROM markets_market WHERE id = ANY(%s::uuid[])"  # noqa: S608 - the code's own text
    return dict(run_prepared(statement, [array_literal(market_ids)]).fetchall())


def read_versions() -> dict[UUID, int]:
    """The last event of every market. One query."""
    return dict(run_prepared("SELECT id, version FROM markets_market", []).fetchall())

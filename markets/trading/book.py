"""The order book as everybody may see it, read from the tables so that it is right in every process."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from markets.engine import lmsr
from markets.engine.units import SET_UNITS
from markets.lifecycle.commands import even_prior
from markets.trading.errors import MarketNotFound

# One statement, hence one snapshot: levels, version and the house's contracts belong together. With two outcomes the orders
# on the second stand in the first one's book, mirrored. Orders past their time cannot trade any more, though the event that
# says so comes with the market's next command.
_BOOK = """
SELECT m.version, m.trade_sequence, m.status, m.price_units, m.house_liquidity, m.house_prior_units,
  book.levels, m.xmin::text || m.ctid::text, book.next_expiry,
  (SELECT json_agg(json_build_array(p.outcome, p.free_contracts))::text
   FROM markets_account a JOIN markets_position p ON p.account_id = a.id AND p.market_id = m.id
   WHERE a.market_id = m.id AND a.kind = 'house')
FROM markets_market m LEFT JOIN LATERAL (
  SELECT json_agg(json_build_array(outcome, is_bid, price, contracts, orders))::text AS levels,
    min(next_expiry) AS next_expiry
  FROM (
     SELECT CASE WHEN mirrored THEN 0 ELSE outcome END AS outcome, (side = 'buy') <> mirrored AS is_bid,
            CASE WHEN mirrored THEN %s - price_units ELSE price_units END AS price,
            sum(quantity - filled_quantity - cancelled_quantity) AS contracts, count(*) AS orders,
            min(expires_at) AS next_expiry
     FROM (SELECT o.*, o.outcome = 1 AND cardinality(m.price_units) = 2 AS mirrored FROM markets_order o
           WHERE o.market_id = m.id AND o.status = 'open' AND (o.expires_at IS NULL OR o.expires_at > %s)) resting
     GROUP BY 1, 2, 3) levels) book ON true
WHERE m.id = %s
"""


@dataclass(frozen=True, slots=True)
class Level:
    """All that rests at one price (units): contracts, and how many orders they are of."""

    price: int
    quantity: int
    orders: int


@dataclass(frozen=True, slots=True)
class OutcomeBook:
    """One outcome's resting orders, best price first, and its last price in units."""

    outcome: int
    last_price: int
    bids: Sequence[Level]
    offers: Sequence[Level]


@dataclass(frozen=True, slots=True)
class MarketBook:
    """The book after event `version` and trade `sequence`.

    house_prices: the curve's price of each outcome, in (0, 1); None without a house market maker or once it was paid out.
    stamp: names the state the book was read in (see `lifecycle.glance`). next_expiry: when the first of the resting orders
    expires, which changes the book though nothing is written.
    """

    market_id: UUID
    version: int
    sequence: int
    status: str
    outcomes: Sequence[OutcomeBook]
    house_liquidity: int
    house_prices: Sequence[float] | None
    stamp: str
    next_expiry: datetime | None


def market_book(market_id: UUID, *, now: datetime, depth: int) -> MarketBook:
    """The best `depth` levels of each side. One statement; the caller has checked who may see it. Raises MarketNotFound."""
    # Not prepared: a plan made while there were few orders would go through all of them later (ADR 0008).
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, [SET_UNITS, now, market_id])
        row = cursor.fetchone()
    if row is None:
        raise MarketNotFound(market=str(market_id))
    version, sequence, status, last_prices, liquidity, prior, levels, stamp, next_expiry, house = row
    outcomes = len(last_prices)
    sides: dict[tuple[int, bool], list[Level]] = {(i, side): [] for i in range(outcomes) for side in (True, False)}
    for outcome, is_bid, price, contracts, orders in orjson.loads(levels or "[]"):
        sides[outcome, is_bid].append(Level(price, contracts, orders))
        if outcomes == 2:
            sides[1 - outcome, not is_bid].append(Level(SET_UNITS - price, contracts, orders))
    books = [
        OutcomeBook(
            outcome,
            last_prices[outcome],
            sorted(sides[outcome, True], key=lambda level: -level.price)[:depth],
            sorted(sides[outcome, False], key=lambda level: level.price)[:depth],
        )
        for outcome in range(outcomes)
    ]
    trading = liquidity and status not in {"draft", "pending_approval", "settled"}
    prices = house_prices(liquidity, prior, orjson.loads(house or "[]"), outcomes) if trading else None
    return MarketBook(market_id, version, sequence, status, books, liquidity, prices, stamp, next_expiry)


def house_prices(b: int, prior: Sequence[int] | None, held: Sequence[tuple[int, int]], outcomes: int) -> list[float]:
    """The curve's prices from the contracts the house holds, (outcome, contracts) each.

    The house starts with none and each contract it sells leaves it one less of that outcome relative to the others, so what
    it has sold is minus what it holds, up to a constant that prices do not depend on.
    """
    offsets = lmsr.start(prior or even_prior(outcomes), b)
    for outcome, contracts in held:
        offsets[outcome] -= contracts
    return lmsr.prices(offsets, b)

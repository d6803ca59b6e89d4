"""How well the prices of resolved markets foretold what came: the Brier score and the calibration of their prices half-way.

A market's forecast is its price vector half-way between its opening and the end of its trading: every market has one, and none
is already the answer. The Brier score is the sum over outcomes of (price - payout)^2, in [0, 2] (Brier 1950), as for traders.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

SET_UNITS = 10_000
# The newest of those resolved within the time are scored.
MOST_SCORED = 5_000
BINS = 10

_HALF_WAY = """
SELECT coalesce(before.close_units, f.opening_units), m.payout_units
FROM markets_market m JOIN markets_marketfigures f ON f.market_id = m.id LEFT JOIN LATERAL (
  SELECT b.close_units FROM markets_marketbucket b
  WHERE b.market_id = m.id AND b.seconds = 60 AND b.start < date_trunc('minute', m.opened_at + (m.closed_at - m.opened_at) / 2)
  ORDER BY b.start DESC LIMIT 1) before ON true
WHERE m.status IN ('finalized', 'settled') AND m.resolved_at >= %(since)s AND m.opened_at IS NOT NULL AND m.closed_at IS NOT NULL
  AND (%(organizations)s::uuid[] IS NULL OR m.organization_id = ANY(%(organizations)s::uuid[]))
ORDER BY m.resolved_at DESC, m.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Bin:
    """Outcomes priced from `low` to below `high` (units; the last up to 10,000): how many, their mean price, what they paid on average."""

    low: int
    high: int
    outcomes: int
    price_units: float
    paid_units: float


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Markets scored, their mean Brier score (None without any), and the bins that hold an outcome."""

    markets: int
    brier: float | None
    bins: Sequence[Bin]


def half_way(organizations: Collection[UUID] | None, *, since: datetime) -> list[tuple[list[int], list[int]]]:
    """(prices half-way, payouts), in units per outcome, of markets resolved for good since then. One query."""
    with connection.cursor() as cursor:
        given = None if organizations is None else list(organizations)
        cursor.execute(_HALF_WAY, {"since": since, "organizations": given, "most": MOST_SCORED})
        return [(prices, paid) for prices, paid in cursor.fetchall() if len(prices or ()) == len(paid or ()) > 0]


def scored(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Forecasts:
    """Scores and calibration of these forecasts. Pure."""
    scores = [
        sum(((price - paid) / SET_UNITS) ** 2 for price, paid in zip(prices, payouts, strict=True))
        for prices, payouts in pairs
    ]
    binned: list[list[tuple[int, int]]] = [[] for _ in range(BINS)]
    for prices, payouts in pairs:
        for price, paid in zip(prices, payouts, strict=True):
            binned[min(BINS - 1, price * BINS // SET_UNITS)].append((price, paid))
    width = SET_UNITS // BINS
    return Forecasts(
        markets=len(pairs),
        brier=round(sum(scores) / len(scores), 4) if scores else None,
        bins=[
            Bin(
                index * width,
                (index + 1) * width,
                len(each),
                round(sum(price for price, _ in each) / len(each), 1),
                round(sum(paid for _, paid in each) / len(each), 1),
            )
            for index, each in enumerate(binned)
            if each
        ],
    )

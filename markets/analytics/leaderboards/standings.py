"""Computing an organization's leaderboards: one statement per window reads every result, one COPY writes all places."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db import connection, transaction

from governance.organizations.models import Organization
from markets.analytics.leaderboards.models import Standing
from markets.analytics.leaderboards.ranking import Outing, boards
from markets.analytics.traders.periods import PERIODS, first_day
from opinion_market.kernel.bulk import Cell, copy_rows

_COLUMNS = (
    "organization_id", '"window"', "metric", "category", "account_id", "rank", "score", "raw", "markets", "fills",
    "credibility_millionths", "computed_at",
)  # fmt: skip

# Members who do not hide. Profit is cash flow plus value now, less the same before the window: realised and unrealised together.
_OUTINGS = """
SELECT r.account_id, m.category,
  r.cash_units + now.value - coalesce(b.cash_units, 0) - coalesce(earlier.value, 0),
  r.invested_units - coalesce(b.invested_units, 0), r.fills - coalesce(b.fills, 0), r.brier_millionths, r.log_micronats
FROM markets_account a
JOIN governance_membership s ON s.organization_id = a.organization_id AND s.user_id = a.owner_id
JOIN markets_traderresult r ON r.account_id = a.id
JOIN markets_market m ON m.id = r.market_id
JOIN markets_marketcourse c ON c.market_id = r.market_id
LEFT JOIN markets_listing l ON l.user_id = a.owner_id
LEFT JOIN LATERAL (
  SELECT * FROM markets_traderday d WHERE d.account_id = r.account_id AND d.market_id = r.market_id AND d.day < %(start)s::date
  ORDER BY d.day DESC LIMIT 1) b ON true
LEFT JOIN LATERAL (
  SELECT d.price_units FROM markets_marketclose d WHERE d.market_id = r.market_id AND d.day < %(start)s::date
  ORDER BY d.day DESC LIMIT 1) k ON b.market_id IS NOT NULL
CROSS JOIN LATERAL (
  SELECT coalesce(sum(held * price), 0)::bigint AS value FROM unnest(r.contracts, c.price_units) u (held, price)) now
LEFT JOIN LATERAL (
  SELECT sum(held * price)::bigint AS value FROM unnest(b.contracts, k.price_units) u (held, price)) earlier ON true
WHERE a.organization_id = %(organization)s AND a.kind = 'trader' AND coalesce(l.shown, '') <> 'hidden'
  AND (%(start)s::date IS NULL OR r.settled_at IS NULL OR r.settled_at >= %(start_at)s)
  AND (b.market_id IS NULL OR r.fills <> b.fills OR r.cash_units <> b.cash_units OR 0 < ANY(b.contracts))
"""


def outings(organization_id: UUID, *, start: date | None) -> list[Outing]:
    """What the organization's listed members did in each market since the day `start` (UTC)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTINGS,
            {
                "organization": organization_id,
                "start": start,
                "start_at": start and datetime.combine(start, time.min, UTC),
            },
        )
        return [Outing(*row) for row in cursor.fetchall()]


@transaction.atomic
def compute_standings(*, organization_id: UUID, now: datetime) -> int:
    """Replace the organization's standings; returns how many there are. Locks: the organization's row, against another run."""
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)
    lines = list(_lines(organization_id, now))
    Standing.objects.filter(organization_id=organization_id).delete()
    copy_rows("markets_standing", _COLUMNS, lines)
    return len(lines)


def _lines(organization_id: UUID, now: datetime) -> Iterator[list[Cell]]:
    for window in PERIODS:
        found = boards(outings(organization_id, start=first_day(window, now)))
        for (metric, category), places in sorted(found.items()):
            for place in places:
                yield [
                    organization_id, window, metric, category, place.account_id, place.rank, place.score, place.raw,
                    place.markets, place.fills, place.credibility_millionths, now,
                ]  # fmt: skip


def compute_all_standings(*, now: datetime) -> int:
    """Of every active organization, one transaction each; returns how many there are."""
    active = Organization.objects.filter(is_active=True).order_by("id").values_list("pk", flat=True)
    return sum(compute_standings(organization_id=organization, now=now) for organization in active)

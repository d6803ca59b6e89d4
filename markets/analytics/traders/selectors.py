"""Reading what the projection keeps: results now and as they were, whose figures a caller may see."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import connection

from governance.access.policies import Access
from governance.organizations.models import Membership
from markets.analytics.traders.average_cost import Stake
from markets.analytics.traders.errors import TraderNotFound
from markets.analytics.traders.forecast import Forecast
from markets.ledger.models import Account

STAFF_PERMISSIONS = ("analytics.read", "participants.read")
_STAKE = (
    "contracts", "basis_units", "cash_units", "fees_units", "turnover_units", "invested_units", "fills", "traded_contracts",
)  # fmt: skip

_HEAD = (
    "account_id", "market_id", "organization_id", "question", "category", "price_units", "payout_units", "first_at",
    "last_at", "settled_at", "brier_millionths", "log_micronats",
)  # fmt: skip

# Settled before the period, a market adds nothing to it. The two lateral probes read one index entry each.
_RESULTS = f"""
SELECT r.account_id, r.market_id, m.organization_id, m.question, m.category, c.price_units, c.payout_units,
  r.first_at, r.last_at, r.settled_at, r.brier_millionths, r.log_micronats, r.forecast::text,
  {", ".join(f"r.{name}" for name in _STAKE)}, {", ".join(f"b.{name}" for name in _STAKE)}, k.price_units
FROM markets_traderresult r
JOIN markets_market m ON m.id = r.market_id
JOIN markets_marketcourse c ON c.market_id = r.market_id
LEFT JOIN LATERAL (
  SELECT * FROM markets_traderday d WHERE d.account_id = r.account_id AND d.market_id = r.market_id AND d.day < %(start)s::date
  ORDER BY d.day DESC LIMIT 1) b ON true
LEFT JOIN LATERAL (
  SELECT d.price_units FROM markets_marketclose d WHERE d.market_id = r.market_id AND d.day < %(start)s::date
  ORDER BY d.day DESC LIMIT 1) k ON b.market_id IS NOT NULL
WHERE r.account_id = ANY(%(accounts)s) AND (%(start)s::date IS NULL OR r.settled_at IS NULL OR r.settled_at >= %(start_at)s)
ORDER BY r.last_at DESC, r.market_id, r.account_id
"""  # noqa: S608 - the text is this module's own


@dataclass(frozen=True, slots=True)
class MarketResult:
    """An account's result in one market: its stake now, and `before` the period with the prices of that time."""

    account_id: int
    market_id: UUID
    organization_id: UUID
    question: str
    category: str
    price_units: Sequence[int]
    payout_units: Sequence[int] | None
    first_at: datetime
    last_at: datetime
    settled_at: datetime | None
    brier_millionths: int | None
    log_micronats: int | None
    forecast: Forecast
    stake: Stake
    before: Stake
    before_price_units: Sequence[int]

    @property
    def realised_units(self) -> int:
        """Realised within the period."""
        return self.stake.realised_units - self.before.realised_units

    @property
    def unrealised_units(self) -> int:
        """Not realised by now, at the last prices."""
        return self.stake.unrealised_units(self.price_units)

    @property
    def profit_units(self) -> int:
        """Cash flow and change of value within the period: what was unrealised at its start counts as had."""
        return self.realised_units + self.unrealised_units - self.before.unrealised_units(self.before_price_units)

    @property
    def is_active(self) -> bool:
        """Whether anything of the period shows in it: a trade, a settlement, or contracts held."""
        return self.stake != self.before or any(self.stake.contracts)


def results_of(accounts: Collection[int], *, start: date | None = None) -> list[MarketResult]:
    """Results of these accounts, latest first, in the period that began with the day `start` (UTC); one statement."""
    midnight = start and datetime.combine(start, time.min, UTC)
    with connection.cursor() as cursor:
        cursor.execute(_RESULTS, {"accounts": list(accounts), "start": start, "start_at": midnight})
        found = [_result(row) for row in cursor.fetchall()]
    return [result for result in found if result.is_active]


def _result(row: tuple[Any, ...]) -> MarketResult:
    prices = row[5]
    return MarketResult(
        **dict(zip(_HEAD, row[:12], strict=True)),
        forecast=Forecast(**json.loads(row[12])),
        stake=Stake(*row[13:21]),
        before=Stake(*row[21:29]) if row[21] is not None else Stake.empty(len(prices)),
        before_price_units=row[29] or prices,
    )


@dataclass(frozen=True, slots=True)
class DailyStake:
    """A market's stake at the end of a day on which it changed, for the history of profit."""

    market_id: UUID
    account_id: int
    day: date
    stake: Stake


def daily_stakes(accounts: Collection[int], *, until: date) -> list[DailyStake]:
    """All daily stakes of these accounts up to and including a day, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT market_id, account_id, day, {', '.join(_STAKE)} FROM markets_traderday "  # noqa: S608
            "WHERE account_id = ANY(%s) AND day <= %s ORDER BY day, market_id, account_id",
            [list(accounts), until],
        )
        return [DailyStake(market, account, day, Stake(*stake)) for market, account, day, *stake in cursor.fetchall()]


def closing_prices(markets: Collection[UUID], *, until: date) -> dict[date, dict[UUID, Sequence[int]]]:
    """Last prices of each day on which they moved, per market."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, market_id, price_units FROM markets_marketclose WHERE market_id = ANY(%s) AND day <= %s",
            [list(markets), until],
        )
        found: dict[date, dict[UUID, Sequence[int]]] = defaultdict(dict)
        for day, market, prices in cursor.fetchall():
            found[day][market] = prices
    return found


def active_days(accounts: Collection[int], *, start: date | None) -> int:
    """Days (UTC) on which these accounts' stakes changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT day) FROM markets_traderday WHERE account_id = ANY(%s) "
            "AND (%s::date IS NULL OR day >= %s)",
            [list(accounts), start, start],
        )
        count: int = cursor.fetchone()[0]
    return count


def organizations_shared(caller: UUID, access: Access, user_id: UUID) -> list[UUID]:
    """The organizations in which the caller may see this user's figures, by id.

    Oneself: where one is a member. Others: where the user belongs or has traded and the caller holds analytics.read and
    participants.read. Raises TraderNotFound if there is none, whether or not the user exists.
    """
    member = Membership.objects.filter(user_id=user_id, organization__is_active=True)
    theirs = set(member.values_list("organization_id", flat=True))
    if caller == user_id:
        return sorted(theirs)
    traded = Account.objects.filter(owner_id=user_id, kind=Account.Kind.TRADER)
    theirs |= set(traded.values_list("organization_id", flat=True))
    shared = [each for each in theirs if all(access.has(permission, each) for permission in STAFF_PERMISSIONS)]
    if not shared:
        raise TraderNotFound(user=str(user_id))
    return sorted(shared)


def accounts_of(user_id: UUID, organizations: Collection[UUID]) -> list[int]:
    """Ids of the user's accounts in these organizations."""
    found = Account.objects.filter(kind=Account.Kind.TRADER, owner_id=user_id, organization_id__in=organizations)
    return list(found.order_by("id").values_list("pk", flat=True))

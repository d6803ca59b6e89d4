"""A statement about the tables, as SQL that looks at all of them at once."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from markets.audit.result import OFFENDERS_SHOWN, CheckResult
from markets.lifecycle.models import Market

# What a statement may be confined to; NULL means everything. For the aliases `a` (account) and `m` (market).
_ACCOUNTS = "(%(organizations)s::uuid[] IS NULL OR a.organization_id = ANY(%(organizations)s::uuid[]))"
_MARKETS = "(%(markets)s::uuid[] IS NULL OR m.id = ANY(%(markets)s::uuid[]))"
# Orders in the terms of the book they stand in: with two outcomes there is one book, of the first.
_ORDERS = """(
    SELECT o.*, b.mirrored, CASE WHEN b.mirrored THEN 0 ELSE o.outcome END AS book, (o.side = 'buy') <> b.mirrored AS is_bid,
        CASE WHEN b.mirrored THEN 10000 - o.price_units ELSE o.price_units END AS book_price
    FROM markets_order o JOIN markets_market m ON m.id = o.market_id
    JOIN (SELECT market_id, count(*) AS outcomes FROM markets_outcome GROUP BY market_id) c ON c.market_id = m.id,
    LATERAL (SELECT c.outcomes = 2 AND o.outcome = 1 AS mirrored) b
    WHERE {markets}
)"""
# One pass in the database; only the counts and the first offenders come back.
_COUNTED = """
SELECT count(*), count(*) FILTER (WHERE is_right IS NOT TRUE),
(array_agg(concat(subject, ': ', explanation) ORDER BY subject) FILTER (WHERE is_right IS NOT TRUE))[1:{shown}]
FROM ({query}) AS looked_at (subject, is_right, explanation)
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """The organizations whose ledgers, and the markets whose trading, are looked at; None: all."""

    organizations: list[UUID] | None = None
    markets: list[UUID] | None = None

    @classmethod
    def of(cls, *, organization_ids: Collection[UUID] | None, market_ids: Collection[UUID] | None) -> "Scope":
        """Organizations bring all their markets; markets alone bring the ledgers of their organizations."""
        organizations = list(organization_ids) if organization_ids is not None else None
        markets = list(market_ids) if market_ids is not None else None
        if organizations is None and markets is not None:
            found = Market.objects.filter(pk__in=markets).order_by().values_list("organization_id", flat=True)
            organizations = list(found.distinct())
        elif organizations is not None and markets is None:
            found = Market.objects.filter(organization_id__in=organizations).order_by().values_list("pk", flat=True)
            markets = list(found)
        return cls(organizations, markets)


@dataclass(frozen=True, slots=True)
class Statement:
    """An invariant as a query of (subject text, is_right boolean, explanation text), one row per thing looked at.

    In the query {accounts} and {markets} stand for the scope's conditions, {orders} for the orders in it,
    with `mirrored`, `book`, `is_bid` and `book_price`.
    """

    name: str
    invariant: int
    statement: str
    query: str

    def check(self, scope: Scope) -> CheckResult:
        """Look at everything in the scope. One query."""
        sql = _COUNTED.replace("{query}", self.query).replace("{shown}", str(OFFENDERS_SHOWN))
        sql = sql.replace("{orders}", _ORDERS).replace("{accounts}", _ACCOUNTS).replace("{markets}", _MARKETS)
        with connection.cursor() as cursor:
            cursor.execute(sql, {"organizations": scope.organizations, "markets": scope.markets})
            checked, failed, offenders = cursor.fetchone() or (0, 0, None)
        return CheckResult(self.name, self.invariant, self.statement, checked, failed, tuple(offenders or ()))

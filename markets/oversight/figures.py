"""The exchange's live figures, for operators. `organizations` confines each to theirs; None is all of them.

Each function is one statement over what it names; none reads rows one by one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from markets.engine.units import SET_UNITS
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.trading.models import Order, Trade

Organizations = Collection[UUID] | None
HOUR = timedelta(hours=1)


def _within(lookup: str, organizations: Organizations) -> Q:
    return Q() if organizations is None else Q(**{f"{lookup}__in": organizations})


def markets_by_status(organizations: Organizations) -> dict[str, int]:
    """How many markets stand in each status, in the order of a market's life; every status is there."""
    rows = Market.objects.filter(_within("organization", organizations)).order_by().values_list("status")
    counted = dict(rows.annotate(Count("pk")))
    return {status: counted.get(status, 0) for status in Market.Status.values}


@dataclass(frozen=True, slots=True)
class Activity:
    """What was traded in a period. Value is the sum of price x contracts, in units."""

    trades: int
    contracts: int
    value_units: int
    traders: int


def _trades_since(organizations: Organizations, since: datetime) -> QuerySet[Trade]:
    trades = Trade.objects.filter(executed_at__gte=since).order_by()
    if organizations is None:
        return trades
    # Only markets that traded since then: the trades' index by market finds them without reading the rest.
    markets = Market.objects.filter(organization__in=organizations, last_trade_at__gte=since)
    return trades.filter(market__in=markets.order_by().values("pk"))


def activity_since(organizations: Organizations, since: datetime) -> Activity:
    """Trades, contracts, value and people (the house market makers are none) since then."""
    trades = _trades_since(organizations, since)
    sums = trades.aggregate(
        trades=Count("pk"), contracts=Sum("quantity", default=0), value_units=Sum("value_units", default=0)
    )
    takers = trades.values_list("taker_account__owner")
    makers = trades.filter(maker_order__isnull=False).values_list("maker_account__owner")
    return Activity(**sums, traders=takers.union(makers).count())


def value_per_hour(organizations: Organizations, *, hours: int, now: datetime) -> list[tuple[datetime, int]]:
    """Value traded, in units, in each of the last hours, the present one last; hours without trades are zero."""
    last = now.replace(minute=0, second=0, microsecond=0)
    first = last - (hours - 1) * HOUR
    rows = _trades_since(organizations, first).annotate(hour=TruncHour("executed_at")).values_list("hour")
    counted = dict(rows.annotate(Sum("value_units")))
    return [(first + n * HOUR, counted.get(first + n * HOUR, 0)) for n in range(hours)]


def open_orders(organizations: Organizations) -> tuple[int, int]:
    """How many orders rest on the books, and for how many contracts."""
    orders = Order.objects.filter(_within("market__organization", organizations), status=Order.Status.OPEN)
    sums = orders.order_by().aggregate(
        orders=Count("pk"), contracts=Sum(F("quantity") - F("filled_quantity") - F("cancelled_quantity"), default=0)
    )
    return sums["orders"], sums["contracts"]


@dataclass(frozen=True, slots=True)
class Money:
    """Where the money is, in units. All of it sums to zero: what is inside came from outside."""

    cash_units: int
    reserved_units: int
    escrow_units: int
    house_units: int
    subsidy_units: int
    fees_units: int
    bonds_units: int
    outside_units: int

    @property
    def balance_units(self) -> int:
        """The trial balance, which is zero."""
        inside = self.cash_units + self.escrow_units + self.house_units + self.subsidy_units + self.fees_units
        inside += self.bonds_units
        return inside + self.outside_units


def money(organizations: Organizations) -> Money:
    """Balances by kind of account."""
    kind = Account.Kind

    def balances(*kinds: str) -> Sum:
        return Sum("balance_units", filter=Q(kind__in=kinds), default=0)

    return Money(
        **Account.objects.filter(_within("organization", organizations)).aggregate(
            cash_units=balances(kind.TRADER),
            reserved_units=Sum("reserved_units", filter=Q(kind=kind.TRADER), default=0),
            escrow_units=balances(kind.ESCROW),
            house_units=balances(kind.HOUSE),
            subsidy_units=balances(kind.SUBSIDY, kind.CAMPAIGN),
            fees_units=balances(kind.FEES, kind.MARKET_FEES),
            bonds_units=balances(kind.BOND),
            outside_units=balances(kind.EXTERNAL),
        )
    )


def unbalanced_organizations(organizations: Organizations) -> list[str]:
    """Names of organizations whose accounts do not sum to zero. There should be none."""
    rows = Account.objects.filter(_within("organization", organizations)).order_by().values("organization__name")
    unbalanced = rows.annotate(units=Sum("balance_units")).exclude(units=0).order_by("organization__name")
    return [row["organization__name"] for row in unbalanced]


def escrows_astray(organizations: Organizations) -> int:
    """Escrow accounts that do not hold exactly 1 credit for each complete set. There should be none."""
    escrows = Account.objects.filter(_within("organization", organizations), kind=Account.Kind.ESCROW)
    return escrows.exclude(balance_units=F("market__open_sets") * SET_UNITS).count()

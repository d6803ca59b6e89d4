"""A user's portfolio as exposures, market by market, and its risk."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from markets.analytics.risk.exposure import MarketExposure, OpenOrder, concentration_millionths
from markets.analytics.risk.settlement import Settlement, settlement_of
from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.trading.models import Order, Position

FINAL = (Market.Status.FINALIZED, Market.Status.SETTLED)


@dataclass(frozen=True, slots=True)
class MarketRisk:
    """A market's part. at_risk_units: what the worst case takes from the expected value."""

    market: Market
    exposure: MarketExposure

    @property
    def expected_units(self) -> int:
        return self.exposure.expected_units()

    @property
    def worst_units(self) -> int:
        return self.exposure.worst_units()

    @property
    def at_risk_units(self) -> int:
        return self.expected_units - self.worst_units


@dataclass(frozen=True, slots=True)
class CategoryRisk:
    """A category's part, in units; `share_millionths` of the expected value of all contracts."""

    category: str
    markets: int
    expected_units: int
    at_risk_units: int
    share_millionths: int


@dataclass(frozen=True, slots=True)
class PortfolioRisk:
    """Money in units. Totals count cash and contracts; losses at risk are those of the contracts held now."""

    balance_units: int
    reserved_units: int
    markets: Sequence[MarketRisk]
    categories: Sequence[CategoryRisk]
    settlement: Settlement
    concentration_millionths: int | None

    @property
    def expected_total_units(self) -> int:
        return self.balance_units + self.settlement.expected_units

    @property
    def worst_total_units(self) -> int:
        """Cash and contracts in the worst case. Exact: markets settle apart, so their worst cases may all come together."""
        return self.balance_units + sum(market.worst_units for market in self.markets)

    @property
    def best_total_units(self) -> int:
        return self.balance_units + sum(market.exposure.best_units() for market in self.markets)


def risk_of(account_ids: Collection[int]) -> PortfolioRisk:
    """The risk of what these accounts hold and have ordered now. Four statements, however much it is."""
    cash = Account.objects.filter(pk__in=account_ids).values_list("balance_units", "reserved_units")
    balances = list(cash)
    held: dict[UUID, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    positions = Position.objects.filter(account__in=account_ids).exclude(free_contracts=0, reserved_contracts=0)
    for market_id, outcome, free, reserved in positions.order_by().values_list(
        "market_id", "outcome", "free_contracts", "reserved_contracts"
    ):
        held[market_id][outcome] += free + reserved
    orders: dict[UUID, list[Order]] = defaultdict(list)
    for order in Order.objects.filter(account__in=account_ids, status=Order.Status.OPEN).order_by("id"):
        orders[order.market_id].append(order)
    markets = Market.objects.filter(pk__in={*held, *orders}).order_by("id")
    risks = [MarketRisk(market, _exposure(market, held[market.pk], orders[market.pk])) for market in markets]
    return PortfolioRisk(
        balance_units=sum(balance for balance, _ in balances),
        reserved_units=sum(reserved for _, reserved in balances),
        markets=risks,
        categories=_categories(risks),
        settlement=settlement_of([risk.exposure.payoffs() for risk in risks]),
        concentration_millionths=concentration_millionths([risk.expected_units for risk in risks]),
    )


def _exposure(market: Market, held: dict[int, int], orders: Sequence[Order]) -> MarketExposure:
    return MarketExposure(
        market_id=str(market.pk),
        category=market.category,
        price_units=market.price_units,
        contracts=[held.get(outcome, 0) for outcome in range(len(market.price_units))],
        orders=[
            OpenOrder(
                outcome=order.outcome,
                is_buy=order.side == Order.Side.BUY,
                price=order.price_units,
                remaining=order.quantity - order.filled_quantity - order.cancelled_quantity,
                fee_bps=market.maker_fee_bps,
            )
            for order in orders
        ],
        payout_units=market.payout_units if market.status in FINAL else None,
    )


def _categories(risks: Sequence[MarketRisk]) -> list[CategoryRisk]:
    """By what is at stake in them, most first."""
    grouped: dict[str, list[MarketRisk]] = defaultdict(list)
    for risk in risks:
        grouped[risk.market.category].append(risk)
    whole = sum(risk.expected_units for risk in risks)
    found = [
        CategoryRisk(
            category=category,
            markets=len(members),
            expected_units=(expected := sum(risk.expected_units for risk in members)),
            at_risk_units=sum(risk.at_risk_units for risk in members),
            share_millionths=expected * 1_000_000 // whole if whole else 0,
        )
        for category, members in grouped.items()
    ]
    return sorted(found, key=lambda each: (-each.expected_units, each.category))

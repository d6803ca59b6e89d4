"""What a trader has: cash and contracts, valued at the last prices."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from governance.access.policies import OrganizationIds
from governance.identity.models import User
from markets.ledger.models import Account
from markets.ledger.selectors import trader_accounts
from markets.lifecycle.models import Market
from markets.trading.models import Position
from markets.trading.selectors import positions_of


@dataclass(frozen=True, slots=True)
class MarketHoldings:
    """A user's positions in one market and what they are worth at its last prices, in units."""

    market: Market
    positions: Sequence[Position]

    @property
    def value_units(self) -> int:
        return sum(value_units(position) for position in self.positions)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A user's cash accounts and their holdings per market, in one organization or several."""

    accounts: Sequence[Account]
    holdings: Sequence[MarketHoldings]

    @property
    def balance_units(self) -> int:
        return sum(account.balance_units for account in self.accounts)

    @property
    def reserved_units(self) -> int:
        return sum(account.reserved_units for account in self.accounts)

    @property
    def positions_value_units(self) -> int:
        return sum(holding.value_units for holding in self.holdings)


def price_units(position: Position) -> int:
    """The last price of a position's outcome. The position's market must have been read with it."""
    price: int = position.market.price_units[position.outcome]
    return price


def value_units(position: Position) -> int:
    """Contracts, promised ones included, at the last price."""
    return (position.free_contracts + position.reserved_contracts) * price_units(position)


def portfolio_of(user: User, organization_ids: OrganizationIds) -> Portfolio:
    """The user's portfolio in these organizations, of which they must be a member. Markets in order of their ids."""
    positions = positions_of(user).filter(market__organization_id__in=organization_ids)
    by_market: dict[UUID, list[Position]] = defaultdict(list)
    for position in positions.prefetch_related("market__outcomes"):
        by_market[position.market_id].append(position)
    return Portfolio(
        list(trader_accounts(owner_id=user.pk, organization_ids=organization_ids).order_by("organization__slug")),
        [MarketHoldings(held[0].market, held) for held in by_market.values()],
    )

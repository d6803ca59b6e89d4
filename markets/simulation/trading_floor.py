"""The simulated traders of one tenant, acting on its open markets through the same services as everybody else."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from uuid import UUID

from markets.ledger.models import Account
from markets.lifecycle.models import Market
from markets.simulation import agents
from markets.simulation.agents import View
from markets.simulation.cast import Cast
from markets.simulation.truth import drifted, truth
from markets.trading import services as trading
from markets.trading.models import Position
from opinion_market.kernel.errors import DomainError

# How many looks back the momentum traders compare with.
MEMORY = 12
# Standard deviation of the log odds' step each time news reaches an informed trader.
NEWS = 0.03


@dataclass(slots=True)
class Tally:
    """What came of the orders so far."""

    orders: int = 0
    fills: int = 0
    refused: int = 0


@dataclass(slots=True)
class Seen:
    """What the simulation remembers of a market while it runs."""

    truth: list[float]
    prices: deque[list[int]] = field(default_factory=lambda: deque(maxlen=MEMORY))


@dataclass(slots=True)
class TradingFloor:
    """One tenant's markets and traders. `behaviours` are the catalogue's; the balance nobody tops up."""

    cast: Cast
    rng: Random
    seed: int
    tally: Tally
    open_markets: list[UUID] = field(default_factory=list)
    seen: dict[UUID, Seen] = field(default_factory=dict)

    def look_around(self) -> None:
        """See which markets are open now, and forget the others."""
        markets = Market.objects.filter(organization=self.cast.organization, status=Market.Status.OPEN)
        self.open_markets = list(markets.order_by("pk").values_list("pk", flat=True))
        self.seen = {market: seen for market, seen in self.seen.items() if market in set(self.open_markets)}

    def act(self, *, now: datetime) -> None:
        """Let one trader look at one market and do what they do. A refusal is counted; it changes nothing."""
        if not self.open_markets:
            return
        market_id = self.rng.choice(self.open_markets)
        username = self.rng.choice(list(self.cast.traders))
        user = self.cast.traders[username]
        view = self._view(market_id, user.pk, now)
        if view is None:
            return
        decision = agents.decide(self.cast.tenant.behaviours[username], view, self.rng)
        try:
            if decision.replaces:
                trading.cancel_orders(actor=user, market_id=market_id)
            requests = [(market_id, request) for request in decision.orders]
            outcomes = trading.place_orders(actor=user, requests=requests, now=now) if requests else []
        except DomainError:
            self.tally.refused += 1
            return
        for outcome in outcomes:
            self.tally.orders += 1
            if outcome.reply is None:
                self.tally.refused += 1
            else:
                self.tally.fills += len(outcome.reply["fills"])

    def _view(self, market_id: UUID, user_id: UUID, now: datetime) -> View | None:
        prices = Market.objects.filter(pk=market_id).values_list("price_units", flat=True).get()
        seen = self.seen.setdefault(market_id, Seen(truth(market_id, len(prices), seed=self.seed)))
        seen.truth = drifted(seen.truth, step=NEWS, rng=self.rng)
        earlier = seen.prices[0] if seen.prices else prices
        seen.prices.append(prices)
        account = Account.objects.filter(
            kind=Account.Kind.TRADER, owner_id=user_id, organization=self.cast.organization
        ).first()
        if account is None:
            return None
        held = dict(
            Position.objects.filter(account=account, market_id=market_id).values_list("outcome", "free_contracts")
        )
        return View(
            prices=prices,
            earlier=earlier,
            truth=seen.truth,
            held=[held.get(outcome, 0) for outcome in range(len(prices))],
            available=account.available_units,
            now=now,
        )

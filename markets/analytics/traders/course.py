"""What of a market the traders' figures need: its prices after each event, its own accounts, how it ended. Pure."""

from dataclasses import dataclass, field
from typing import Any

from markets.engine import lmsr
from markets.engine.state import House
from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS

EventData = dict[str, Any]


@dataclass(slots=True)
class Course:
    """A market since it opened. `sold`: contracts the house has sold net, empty without one. Times are milliseconds since 1970."""

    price_units: list[int]
    prior_units: list[int]
    escrow_account: int
    fee_account: int
    house_account: int
    liquidity: int = 0
    sold: list[int] = field(default_factory=list)
    closed_ms: int | None = None
    payout_units: list[int] | None = None

    @classmethod
    def opened(cls, data: EventData) -> "Course":
        """From the data of MarketOpened."""
        accounts, prior = data["accounts"], list(data["prior_units"])
        liquidity = data["house_liquidity"]
        return cls(
            price_units=list(prior),
            prior_units=prior,
            escrow_account=accounts["escrow"],
            fee_account=accounts["fees"],
            house_account=accounts["house"],
            liquidity=liquidity,
            sold=[0] * len(prior) if liquidity else [],
        )

    @property
    def own_accounts(self) -> set[int]:
        """Accounts that cash passes through without being anybody's profit."""
        return {self.escrow_account, self.fee_account}

    def trade(self, book: int, *, taker_buys: bool, fill: EventData) -> None:
        """The last prices after a fill: the curve's after one with the house, the fill's own otherwise (as in the engine)."""
        if fill["maker_order"] is None and self.liquidity:
            self.sold[book] += fill["quantity"] if taker_buys else -fill["quantity"]
            house = House(self.liquidity, lmsr.start(self.prior_units, self.liquidity), self.prior_units, self.sold)
            curve = lmsr.prices(house.quantities(), self.liquidity)
            self.price_units = [max(MIN_PRICE, min(MAX_PRICE, round(price * SET_UNITS))) for price in curve]
            return
        self.price_units[book] = fill["price"]
        if len(self.price_units) == 2:
            self.price_units[1 - book] = SET_UNITS - fill["price"]

    def split(self, data: EventData) -> None:
        """A new last outcome is split off from another, from the data of OutcomeSplit; the house's curve is refined likewise."""
        self.price_units = list(data["prices"])
        if self.liquidity:
            self.prior_units = list(data["prior_units"])
            self.sold.append(self.sold[data["outcome"]])

"""A trading desk for tests: one market, the cash of its accounts, and every event that was ever applied.

It does what the platform does around the engine: decide, store the event as JSON, apply it, post the cash.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

from markets.engine import decide, lmsr, placing, snapshot
from markets.engine.apply import apply
from markets.engine.effects import Effects
from markets.engine.orders import NewOrder, Order
from markets.engine.splitting import split_outcome
from markets.engine.state import MarketState
from markets.engine.units import MAX_QUANTITY, SET_UNITS

ESCROW, FEES, HOUSE, SUBSIDY, ORGANIZATION = 1, 2, 3, 4, 5
ALICE, BOB, CAROL, DAVE = 11, 12, 13, 14
TRADERS = (ALICE, BOB, CAROL, DAVE)

EventData = dict[str, Any]


def equal_prices(outcomes: int) -> list[int]:
    """A prior of equal prices in units, the last one taking what does not divide."""
    each = SET_UNITS // outcomes
    return [each] * (outcomes - 1) + [SET_UNITS - each * (outcomes - 1)]


def as_bytes(state: MarketState) -> bytes:
    """The state's snapshot in its canonical form."""
    return json.dumps(snapshot.dump(state), sort_keys=True).encode()


class Desk:
    """A market opened at time 1 with `balance` units on every trader's account; time moves on by one per command."""

    def __init__(
        self,
        *,
        outcomes: int = 2,
        taker_fee_bps: int = 0,
        maker_fee_bps: int = 0,
        liquidity: int = 0,
        prior_units: Sequence[int] | None = None,
        balance: int = 1_000_000,
        traders: Iterable[int] = TRADERS,
    ) -> None:
        prior = list(prior_units or equal_prices(outcomes))
        subsidy = lmsr.subsidy_units(liquidity, prior) if liquidity else 0
        self.deposits = dict.fromkeys(traders, balance) | {SUBSIDY: subsidy}
        self.cash = {ESCROW: 0, FEES: 0, HOUSE: 0, ORGANIZATION: 0} | self.deposits
        self.reserved = dict.fromkeys(self.cash, 0)
        self.minted = dict.fromkeys(self.cash, 0)
        self.orders: dict[str, Order] = {}
        self.events: list[tuple[str, EventData, int]] = []
        self.state = MarketState("a market")
        self.now_us = 1
        self.last_effects = Effects()
        self.commit("MarketCreated", {})
        self.commit(
            "MarketOpened",
            {
                "outcomes": outcomes,
                "accounts": {"escrow": ESCROW, "fees": FEES, "house": HOUSE, "subsidy": SUBSIDY},
                "taker_fee_bps": taker_fee_bps,
                "maker_fee_bps": maker_fee_bps,
                "prior_units": prior,
                "house_liquidity": liquidity,
                "subsidy_units": subsidy,
            },
        )

    def available(self, account: int) -> int:
        """Units of an account's cash that no order has reserved."""
        return self.cash[account] - self.reserved[account]

    def free(self, account: int) -> list[int]:
        """An account's contracts that no order has put aside."""
        return list(self.state.holding(account).free)

    def commit(self, type: str, data: EventData) -> EventData:
        """Store an event as JSON, apply what was stored, and post its cash."""
        data = json.loads(json.dumps(data))
        self.now_us += 1
        self.events.append((type, data, self.now_us))
        self.last_effects = apply(self.state, type, deepcopy(data), self.now_us)
        for account, delta, reserved in self.last_effects.as_data():
            self.cash[account] += delta
            self.reserved[account] += reserved
        self.orders |= self.last_effects.orders
        return data

    def order(self, account: int, side: str, outcome: int, price: int, quantity: int, **terms: Any) -> EventData:
        """Decide an order and carry it out; the next order gets the next name, o1, o2, ... Returns the event's data."""
        self.expire()
        data = self.decision(account, side, outcome, price, quantity, **terms)
        return self.commit("OrderPlaced", data)

    def decision(self, account: int, side: str, outcome: int, price: int, quantity: int, **terms: Any) -> EventData:
        """What would become of an order, without carrying it out."""
        if "budget_units" in terms:
            quantity = MAX_QUANTITY
        order = NewOrder(f"o{len(self.orders) + 1}", account, outcome, side == "buy", price, quantity, **terms)
        return placing.place_order(self.state, order, available=self.available(account), now_us=self.now_us)

    def buy(self, account: int, price: int, quantity: int, *, outcome: int = 0, **terms: Any) -> EventData:
        return self.order(account, "buy", outcome, price, quantity, **terms)

    def sell(self, account: int, price: int, quantity: int, *, outcome: int = 0, **terms: Any) -> EventData:
        return self.order(account, "sell", outcome, price, quantity, **terms)

    def expire(self) -> None:
        """Take the orders whose time is up off the book, as every command does first."""
        if due := decide.expire_orders(self.state, self.now_us):
            self.commit("OrdersExpired", due)

    def amend(
        self, order_id: str, account: int, *, price: int | None = None, quantity: int | None = None, **expiry: Any
    ) -> EventData:
        """Give an open order other terms. Returns the event's data."""
        self.expire()
        type, data = placing.amend_order(
            self.state,
            order_id=order_id,
            account=account,
            amendment=placing.Amendment(price=price, quantity=quantity, **expiry),
            available=self.available(account),
            now_us=self.now_us,
        )
        return self.commit(type, data)

    def cancel(self, order_id: str, *, account: int | None = None) -> None:
        self.commit("OrdersCancelled", decide.cancel_order(self.state, order_id=order_id, account=account))

    def cancel_all(self, account: int | None = None) -> None:
        self.commit("OrdersCancelled", decide.cancel_orders(self.state, account=account))

    def mint(self, account: int, quantity: int) -> None:
        available = self.available(account)
        self.commit("SetsMinted", decide.mint_sets(self.state, account=account, quantity=quantity, available=available))
        self.minted[account] += quantity

    def merge(self, account: int, quantity: int) -> None:
        self.commit("SetsMerged", decide.merge_sets(self.state, account=account, quantity=quantity))

    def split(self, outcome: int, share_bps: int) -> None:
        """Split a new outcome off; the organization puts up what the house's worst loss grows by."""
        data = split_outcome(self.state, outcome=outcome, share_bps=share_bps)
        self.deposits[SUBSIDY] += data["subsidy_units"]
        self.cash[SUBSIDY] += data["subsidy_units"]
        self.commit("OutcomeSplit", {**data, "subsidy_account": SUBSIDY})

    def close(self) -> None:
        self.commit("MarketClosed", decide.cancel_orders(self.state, account=None, reason="closed"))

    def settle(self, payout_units: Sequence[int]) -> EventData:
        """Resolve at the payout vector, finalize and pay out. Returns the settlement's data."""
        self.commit("ResolutionProposed", {"payout_units": list(payout_units)})
        self.commit("ResolutionFinalized", {})
        return self.commit("MarketSettled", decide.settle(self.state))

    def sweep(self) -> None:
        """Give back what is left of the subsidy and hand the fees on."""
        sweeps = [[HOUSE, SUBSIDY, self.cash[HOUSE]], [FEES, ORGANIZATION, self.cash[FEES]]]
        self.commit("MarketSwept", {"sweeps": sweeps})

    def replayed(self) -> MarketState:
        """The state rebuilt from the stream alone."""
        state = MarketState("a market")
        for type, data, at_us in self.events:
            apply(state, type, deepcopy(data), at_us)
        return state

    def attempt(self, command: Callable[[], object], refusal: type[Exception]) -> bool:
        """Carry out a command, or find that its refusal changed nothing. Returns whether it was carried out."""
        before = as_bytes(self.state), dict(self.cash), dict(self.reserved), len(self.events)
        try:
            command()
        except refusal:
            assert (as_bytes(self.state), self.cash, self.reserved, len(self.events)) == before
            return False
        return True


def fills(data: EventData) -> list[tuple[int, int, int]]:
    """(maker's account, price, quantity) of each fill, as the book saw it."""
    return [(fill["maker_account"], fill["price"], fill["quantity"]) for fill in data["fills"]]


def bids(desk: Desk, book: int = 0) -> list[tuple[int, int]]:
    """(price, contracts) of each bid level, best first."""
    return [(price, contracts) for price, contracts, _ in desk.state.books[book].bids.depth()]


def offers(desk: Desk, book: int = 0) -> list[tuple[int, int]]:
    """(price, contracts) of each offer level, best first."""
    return [(price, contracts) for price, contracts, _ in desk.state.books[book].offers.depth()]

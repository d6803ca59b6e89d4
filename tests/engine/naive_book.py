"""The exchange rules once more, written for nothing but being obviously right: lists, one contract at a time, no house.

It shares no idea with the engine. An order is not a bid or an offer of a book but a wish: to own one contract of each
outcome of a set (`wants`) for at most `limit` units. Buying i wants {i}; selling i wants all the others at the complement
of the price. Two wishes meet when their sets make up all outcomes and their limits make up a complete set's 10,000 units;
with two outcomes, buying No and selling Yes are then the same wish without anybody having to say so.
"""

from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from math import ceil

from tests.engine.naive_orders import SET, Refused, Trade, Wish


class NaiveExchange:
    """One market without a house. Everything is a list, searched from its beginning."""

    def __init__(self, outcomes: int, cash: dict[int, int], taker_fee_bps: int = 0, maker_fee_bps: int = 0) -> None:
        self.everything = frozenset(range(outcomes))
        self.taker_fee_bps = taker_fee_bps
        self.maker_fee_bps = maker_fee_bps
        self.cash = dict(cash)
        self.escrow = self.fees = 0
        self.free = {account: [0] * outcomes for account in cash}
        self.aside = {account: [0] * outcomes for account in cash}
        self.kept = dict.fromkeys(cash, 0)
        self.waiting: list[Wish] = []  # in the order they came

    def reserved(self, account: int) -> int:
        """Cash that the account's resting orders may cost, fees left out."""
        return sum(wish.limit * wish.aside.count("cash") for wish in self.waiting if wish.owner == account)

    def place(
        self,
        name: str,
        owner: int,
        side: str,
        outcome: int,
        price: int,
        quantity: int,
        kind: str,
        expires: int | None,
        reduce_only: bool = False,
        budget: int | None = None,
    ) -> list[Trade]:
        """Carry out an order. `kind`: gtc, gtd, ioc, fok or post_only. Raises Refused, having changed nothing."""
        wants = frozenset([outcome]) if side == "buy" else self.everything - {outcome}
        limit = price if side == "buy" else SET - price
        wish = Wish(name, owner, wants, limit, quantity, expires, kind == "post_only", reduce_only, side)
        return self._undoing(lambda: self._place(wish, kind, budget))

    def amend(self, name: str, owner: int, price: int | None, quantity: int | None) -> list[Trade]:
        """Give an open order another price (in its owner's terms) or another whole quantity. Raises Refused."""
        (wish,) = [wish for wish in self.waiting if wish.name == name]
        if wish.owner != owner:
            raise Refused("order_not_found")
        buys = wish.side == "buy"
        limit = wish.limit if price is None else price if buys else SET - price
        left = len(wish.aside) if quantity is None else quantity - wish.filled - wish.lost
        if left <= 0 or (limit == wish.limit and left == len(wish.aside)):
            raise Refused("invalid_order")
        if limit == wish.limit and left < len(wish.aside):
            self._shrink(wish, left)
            self._dissolve_all_sets()
            return []
        return self._undoing(lambda: self._replace(wish, limit, left))

    def _shrink(self, wish: Wish, left: int) -> None:
        """What would have been filled last goes first: the cash part, then contracts, which become free again."""
        while len(wish.aside) > left:
            wish.rested -= 1
            if wish.aside.pop() == "contracts":
                self._move(self.aside[wish.owner], wish, -1)
                self._move(self.free[wish.owner], wish, +1)

    def _replace(self, wish: Wish, limit: int, left: int) -> list[Trade]:
        self._withdraw(wish)
        self._dissolve_sets(wish.owner)
        wish.limit, wish.aside, wish.rested, wish.maker_fees = limit, [], 0, 0
        wish.quantity = left + wish.filled
        return self._place(wish, "post_only" if wish.post_only else "gtc", None)

    def _undoing(self, command: Callable[[], list[Trade]]) -> list[Trade]:
        """Carry out a command; put everything back if it is refused."""
        before = deepcopy(self.__dict__)
        try:
            return command()
        except Refused:
            self.__dict__ = before
            raise

    def _place(self, taker: Wish, kind: str, budget: int | None) -> list[Trade]:
        filled_before = taker.filled
        if taker.reduce_only:
            self._clip(taker)
        wanted = taker.quantity - filled_before
        plan, own = self._plan(taker, wanted, budget)
        if budget is not None:
            taker.quantity = wanted = sum(quantity for _, quantity in plan)
            if not wanted:
                raise Refused("unfillable")
        planned = sum(quantity for _, quantity in plan)
        if kind == "post_only" and planned:
            raise Refused("would_take")
        if kind == "fok" and planned < wanted + taker.lost:
            raise Refused("unfillable")
        for wish in own:
            self._withdraw(wish)
        self._dissolve_sets(taker.owner)
        trades = [self._trade(taker, maker, quantity) for maker, quantity in plan]
        self._charge_taker(taker, trades)
        if kind not in ("ioc", "fok"):
            self._rest(taker)
        self._dissolve_all_sets()
        if self.cash[taker.owner] < self.reserved(taker.owner):
            raise Refused("insufficient_funds")
        return trades

    def _clip(self, taker: Wish) -> None:
        """Take no more than can be delivered, also once own orders in the way are gone and their sets dissolved."""
        able = self._deliverable(taker, [])
        while True:
            wanted = min(taker.quantity - taker.filled, able)
            taker.lost += taker.quantity - taker.filled - wanted
            taker.quantity = taker.filled + wanted
            if not wanted:
                raise Refused("nothing_to_reduce")
            able = self._deliverable(taker, self._plan(taker, wanted)[1])
            if able >= wanted:
                return

    def _deliverable(self, taker: Wish, own: list[Wish]) -> int:
        """Free contracts (or baskets) the taker can deliver once its own orders `own` are off the book."""
        twin = deepcopy(self)
        for wish in own:
            (same,) = [other for other in twin.waiting if other.name == wish.name]
            twin._withdraw(same)
        if own:
            twin._dissolve_sets(taker.owner)
        return min(twin.free[taker.owner][outcome] for outcome in self.everything - taker.wants)

    def _plan(self, taker: Wish, wanted: int, budget: int | None = None) -> tuple[list[tuple[Wish, int]], list[Wish]]:
        """Whom the order meets: the most generous first, then the earliest; and its owner's own orders on the way.

        A budget is spent one contract at a time, each with the fee on all so far.
        """
        willing = [w for w in self.waiting if w.wants == self.everything - taker.wants and w.limit + taker.limit >= SET]
        willing.sort(key=lambda wish: -wish.limit)  # stable: among equals, the order of arrival stays
        plan, own, left, spent, weight = [], [], wanted, 0, Fraction(0)
        for wish in willing:
            price = SET - wish.limit
            fee = Fraction(self.taker_fee_bps * price * (SET - price), SET * 10_000)
            quantity = 0
            while left and quantity < len(wish.aside):
                if budget is not None and spent + price + ceil(weight + fee) > budget:
                    left = 0
                    break
                if wish.owner == taker.owner:
                    own.append(wish)
                    break
                spent, weight, quantity, left = spent + price, weight + fee, quantity + 1, left - 1
            if quantity:
                plan.append((wish, quantity))
        return plan, own

    def _trade(self, taker: Wish, maker: Wish, quantity: int) -> Trade:
        price = SET - maker.limit
        for _ in range(quantity):
            maker_brings = "contracts" if "contracts" in maker.aside else "cash"
            taker_brings = "contracts" if self._can_deliver(taker) else "cash"
            maker.aside.remove(maker_brings)
            if maker_brings == "contracts":
                self._move(self.aside[maker.owner], maker, -1)
            if taker_brings == "contracts":
                self._move(self.free[taker.owner], taker, -1)
            self._settle_one_contract(taker, taker_brings, price, maker, maker_brings)
        taker.filled += quantity
        maker.filled += quantity
        if self.maker_fee_bps:
            done = maker.rested - len(maker.aside)
            exact = Fraction(self.maker_fee_bps * maker.limit * (SET - maker.limit) * done, SET * 10_000)
            self._charge(maker.owner, ceil(exact) - maker.maker_fees)
            maker.maker_fees = ceil(exact)
        if not maker.aside:
            self.waiting.remove(maker)
        return Trade(maker.owner, maker.name, price, quantity)

    def _settle_one_contract(self, taker: Wish, taker_brings: str, price: int, maker: Wish, maker_brings: str) -> None:
        """What either side delivers is gone from it already; now both get what they want, or are paid for being rid."""
        if (taker_brings, maker_brings) == ("cash", "cash"):  # a new set, paid for by both
            self.cash[taker.owner] -= price
            self.cash[maker.owner] -= SET - price
            self.escrow += SET
            self._receive(taker)
            self._receive(maker)
        elif (taker_brings, maker_brings) == ("cash", "contracts"):  # the maker's contracts go to the taker
            self.cash[taker.owner] -= price
            self.cash[maker.owner] += price
            self._receive(taker)
        elif (taker_brings, maker_brings) == ("contracts", "cash"):  # the taker's contracts go to the maker
            self.cash[maker.owner] -= SET - price
            self.cash[taker.owner] += SET - price
            self._receive(maker)
        else:  # together they deliver a whole set, which dissolves
            self.escrow -= SET
            self.cash[taker.owner] += SET - price
            self.cash[maker.owner] += price

    def _charge_taker(self, taker: Wish, trades: list[Trade]) -> None:
        exact = sum(
            Fraction(self.taker_fee_bps * trade.price * (SET - trade.price) * trade.quantity, SET * 10_000)
            for trade in trades
        )
        self._charge(taker.owner, ceil(exact))

    def _charge(self, account: int, units: int) -> None:
        self.cash[account] -= units
        self.fees += units

    def _rest(self, wish: Wish) -> None:
        for _ in range(wish.quantity - wish.filled):
            if self._can_deliver(wish):
                self._move(self.free[wish.owner], wish, -1)
                self._move(self.aside[wish.owner], wish, +1)
                wish.aside.append("contracts")
            else:
                wish.aside.append("cash")
        wish.rested = len(wish.aside)
        if wish.aside:
            self.waiting.append(wish)

    def _can_deliver(self, wish: Wish) -> bool:
        return all(self.free[wish.owner][outcome] > 0 for outcome in self.everything - wish.wants)

    def _move(self, contracts: list[int], wish: Wish, sign: int) -> None:
        for outcome in self.everything - wish.wants:
            contracts[outcome] += sign

    def _receive(self, wish: Wish) -> None:
        for outcome in wish.wants:
            self.free[wish.owner][outcome] += 1

    def _withdraw(self, wish: Wish) -> None:
        for _ in range(wish.aside.count("contracts")):
            self._move(self.aside[wish.owner], wish, -1)
            self._move(self.free[wish.owner], wish, +1)
        self.waiting.remove(wish)

    def _dissolve_all_sets(self) -> None:
        for account in self.free:
            self._dissolve_sets(account)

    def _dissolve_sets(self, account: int) -> None:
        """Free complete sets become cash, but for those minted on purpose and not used since."""
        free = self.free[account]
        while min(free) > self.kept[account]:
            self.free[account] = free = [count - 1 for count in free]
            self.cash[account] += SET
            self.escrow -= SET
        self.kept[account] = min(free)

    def cancel(self, name: str) -> None:
        """Take an order off the book."""
        for wish in [wish for wish in self.waiting if wish.name == name]:
            self._withdraw(wish)
        self._dissolve_all_sets()

    def expire(self, now: int) -> None:
        """Take every order off the book whose time is up."""
        for wish in [wish for wish in self.waiting if wish.expires is not None and wish.expires <= now]:
            self._withdraw(wish)
        self._dissolve_all_sets()

    def mint(self, account: int, quantity: int) -> None:
        """Make complete sets to keep. Raises Refused."""
        if self.cash[account] - self.reserved(account) < quantity * SET:
            raise Refused("insufficient_funds")
        self.cash[account] -= quantity * SET
        self.escrow += quantity * SET
        self.free[account] = [count + quantity for count in self.free[account]]
        self.kept[account] += quantity

    def merge(self, account: int, quantity: int) -> None:
        """Turn complete sets into cash. Raises Refused."""
        if min(self.free[account]) < quantity:
            raise Refused("insufficient_contracts")
        self.cash[account] += quantity * SET
        self.escrow -= quantity * SET
        self.free[account] = [count - quantity for count in self.free[account]]
        self.kept[account] -= quantity

"""Whoever applies each news of `orders` to what the snapshot showed has what REST shows, whenever they joined."""

from contextlib import ExitStack
from itertools import count
from random import Random
from time import monotonic
from typing import Any

from tests.realtime.served import PATIENCE_S, Talk


class Copy:
    """What a client makes of its frames."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        snapshot = talk.subscribe("orders")
        self.orders: dict[str, Any] = {order["id"]: order for order in snapshot["orders"]}
        self.fills = [(fill["order"], fill["sequence"]) for fill in snapshot["fills"]]

    def follow_to(self, truth: dict[str, Any], fills: list[tuple[str, int]]) -> None:
        """Take frames until the copy is the truth, which may be no later than that."""
        until = monotonic() + PATIENCE_S
        while not (truth.items() <= self.orders.items() and len(self.fills) >= len(fills)):
            data = self.talk.next("update", patience_s=max(0.0, until - monotonic()))["data"]
            self.orders.update({order["id"]: order for order in data.get("orders", ())})
            self.fills += [(fill["order"], fill["sequence"]) for fill in data.get("fills", ())]
        assert sorted(self.fills) == sorted(fills)
        known_open = {each for each, order in self.orders.items() if order["status"] == "open"}
        assert known_open == {each for each, order in truth.items() if order["status"] == "open"}


def test_a_copy_of_ones_orders_never_strays_from_the_truth(served, venue):
    markets, ann, bob = [venue.market() for _ in range(2)], venue.trader(), venue.trader()
    draw = Random(11)
    placed: list[str] = []
    sizes = count(20)

    def act() -> None:
        market, price, quantity = draw.choice(markets), draw.randrange(4_000, 6_001, 500), draw.randrange(1, 9)
        kind, side = draw.choice(("rest", "rest", "ioc", "meet", "cancel", "amend")), draw.choice(("buy", "sell"))
        if kind in {"rest", "ioc"}:
            force = "gtc" if kind == "rest" else "ioc"
            order = ann.order(market, side=side, price=price, quantity=quantity, time_in_force=force)
            placed.append(order["id"])
        elif kind == "meet":
            bob.order(market, side=side, price=price, quantity=quantity, time_in_force="ioc")
        elif resting := [order["id"] for order in ann.get("orders", status="open")["results"]]:
            path = f"orders/{draw.choice(resting)}"
            if kind == "cancel":
                ann.delete(path)
            else:
                ann.patch(path, {"quantity": next(sizes)})

    def truth() -> dict[str, Any]:
        found = [ann.get(f"orders/{each}") for each in placed]
        return {order.pop("id"): order for order in found if order.pop("fills") is not None}

    with ExitStack() as stack:
        copies: list[tuple[set[str], Copy]] = []
        for _ in range(4):
            over = {each for each, order in truth().items() if order["status"] != "open"}
            copies.append((over, Copy(stack.enter_context(served.talk_as(ann.user)))))
            for _ in range(15):
                act()
            orders = truth()
            fills = [(fill["order"], fill["sequence"]) for fill in ann.get("fills", limit=100)["results"]]
            for before, copy in copies:
                copy.follow_to(
                    {each: {"id": each, **order} for each, order in orders.items() if each not in before}, fills
                )

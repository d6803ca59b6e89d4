"""How simulated traders decide. Pure: a view of one market and a source of chance in, orders out.

Prices are units of 1..9,999, quantities contracts, cash units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from markets.engine.units import MAX_PRICE, MIN_PRICE, SET_UNITS
from markets.simulation.tenants import Behaviour
from markets.trading.services import OrderRequest

LARGEST = 60  # contracts
# Of the available cash, the part one order may risk: whoever keeps losing trades ever smaller, and is never ruined.
STAKE = 0.02


@dataclass(frozen=True, slots=True)
class View:
    """What a trader sees. earlier: the prices some trades ago; truth: known to the informed alone; held: free contracts."""

    prices: Sequence[int]
    earlier: Sequence[int]
    truth: Sequence[float]
    held: Sequence[int]
    available: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Orders to place; `replaces`: the trader's open orders in the market are cancelled first."""

    orders: list[OrderRequest]
    replaces: bool = False


def decide(behaviour: Behaviour, view: View, rng: Random) -> Decision:
    """What a trader of this behaviour does now; often nothing."""
    match behaviour:
        case Behaviour.INFORMED:
            return _informed(view, rng)
        case Behaviour.NOISE:
            return _noise(view, rng)
        case Behaviour.MOMENTUM:
            return _momentum(view)
        case Behaviour.MAKER:
            return _maker(view, rng)


def _informed(view: View, rng: Random) -> Decision:
    """Trades where the price is farthest from the truth, up to near the truth, more the farther it is."""
    edges = [round(true * SET_UNITS) - price for true, price in zip(view.truth, view.prices, strict=True)]
    outcome = max(range(len(edges)), key=lambda each: abs(edges[each]))
    edge = edges[outcome]
    if abs(edge) < 150:
        return Decision([])
    limit = round(view.truth[outcome] * SET_UNITS) - (60 if edge > 0 else -60)
    wanted = max(1, round(abs(edge) / 100 * rng.uniform(0.5, 2.0)))
    return Decision([_take(view, outcome, is_buy=edge > 0, price=limit, wanted=wanted)])


def _noise(view: View, rng: Random) -> Decision:
    """Buys or sells for no reason: half of the time at once, else with a limit order that waits a few minutes."""
    outcome, is_buy = rng.randrange(len(view.prices)), rng.random() < 0.5
    wanted, price = rng.randint(1, 15), view.prices[outcome]
    if rng.random() < 0.5:
        return Decision([_take(view, outcome, is_buy=is_buy, price=price + (300 if is_buy else -300), wanted=wanted)])
    distance = rng.randint(40, 500)
    expires_at = view.now + timedelta(seconds=rng.randint(120, 600))
    price += -distance if is_buy else distance
    return Decision([_rest(view, outcome, is_buy=is_buy, price=price, wanted=wanted, expires_at=expires_at)])


def _momentum(view: View) -> Decision:
    """Follows the outcome that moved most, while it moves."""
    moves = [now - before for now, before in zip(view.prices, view.earlier, strict=True)]
    outcome = max(range(len(moves)), key=lambda each: abs(moves[each]))
    move = moves[outcome]
    if abs(move) < 120:
        return Decision([])
    price = view.prices[outcome] + (120 if move > 0 else -120)
    return Decision([_take(view, outcome, is_buy=move > 0, price=price, wanted=max(1, abs(move) // 60))])


def _maker(view: View, rng: Random) -> Decision:
    """Quotes both sides of every book, leaning against what it holds; quotes lapse by themselves if it is stopped."""
    outcomes = len(view.prices)
    average = sum(view.held) / outcomes
    expires_at = view.now + timedelta(seconds=180)
    orders = []
    for outcome in range(1 if outcomes == 2 else outcomes):
        lean = max(-150, min(150, round((view.held[outcome] - average) * 2)))
        fair, half = view.prices[outcome] - lean, rng.randint(60, 160)
        for is_buy, price in ((True, fair - half), (False, fair + half)):
            wanted = rng.randint(8, 25)
            orders.append(_rest(view, outcome, is_buy=is_buy, price=price, wanted=wanted, expires_at=expires_at))
    return Decision(orders, replaces=True)


def _take(view: View, outcome: int, *, is_buy: bool, price: int, wanted: int) -> OrderRequest:
    price = _within(price)
    return OrderRequest(
        outcome=outcome,
        side="buy" if is_buy else "sell",
        quantity=_affordable(view, price if is_buy else SET_UNITS - price, wanted),
        price=price,
        time_in_force="ioc",
    )


def _rest(view: View, outcome: int, *, is_buy: bool, price: int, wanted: int, expires_at: datetime) -> OrderRequest:
    price = _within(price)
    return OrderRequest(
        outcome=outcome,
        side="buy" if is_buy else "sell",
        quantity=_affordable(view, price if is_buy else SET_UNITS - price, wanted),
        price=price,
        time_in_force="gtd",
        expires_at=expires_at,
    )


def _affordable(view: View, cost: int, wanted: int) -> int:
    return max(1, min(wanted, LARGEST, int(view.available * STAKE) // cost))


def _within(price: int) -> int:
    return max(MIN_PRICE, min(MAX_PRICE, price))

"""Some trading to begin with, so that a new demonstration has prices, books and fills. One transaction per hundred orders."""

from collections.abc import Mapping
from datetime import datetime
from random import Random

from governance.identity.models import User
from markets.engine.orders import NewOrder
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.simulation.truth import truth
from markets.trading.commands import PlaceOrder
from markets.trading.selectors import seat
from markets.trading.sequencer import submit
from markets.trading.session import Cause
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.ids import uuid7_text

BATCH = 100


def trade(market: Market, traders: Mapping[str, User], *, orders: int, seed: int, rng: Random, now: datetime) -> None:
    """Place orders around a price that wanders from even odds to the truth: some rest, some take. Refusals do not matter."""
    outcomes = len(market.price_units)
    start, end = market.price_units, [round(each * SET_UNITS) for each in truth(market.pk, outcomes, seed=seed)]
    seats = [(user, seat(user=user, market_id=market.pk, now=now).account_id) for user in traders.values()]
    commands = []
    for place in range(orders):
        user, account = rng.choice(seats)
        outcome = rng.randrange(outcomes)
        fair = start[outcome] + (end[outcome] - start[outcome]) * (place + 1) // orders + round(rng.gauss(0, 80))
        order = _order(account, outcome, fair, rng)
        commands.append(PlaceOrder(cause=Cause(str(user.pk), correlation_id()), order=order))
    for first in range(0, len(commands), BATCH):
        submit(str(market.pk), commands[first : first + BATCH])
    market.refresh_from_db()


def _order(account: int, outcome: int, fair: int, rng: Random) -> NewOrder:
    """Half of the orders rest on their side of the fair price, half cross it."""
    is_buy, rests = rng.random() < 0.5, rng.random() < 0.5
    distance = rng.randint(50, 400) if rests else -rng.randint(100, 500)
    price = fair - distance if is_buy else fair + distance
    return NewOrder(
        id=uuid7_text(),
        account=account,
        outcome=outcome,
        is_buy=is_buy,
        price=max(100, min(SET_UNITS - 100, price)),
        quantity=rng.randint(3, 30),
        time_in_force="gtc" if rests else "ioc",
    )

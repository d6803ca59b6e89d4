"""What the informed traders of a simulation know: how likely each outcome of a market really is. Drawn from a seed, not stored."""

import math
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from uuid import UUID

from markets.engine.scalar import scalar_payout
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market


def truth(market_id: UUID, outcomes: int, *, seed: int) -> list[float]:
    """Probabilities of a market's outcomes, summing to 1, none below 4%; the same whenever and wherever one asks."""
    rng = Random(f"{seed}:{market_id}")
    weights = [rng.gammavariate(1.5, 1.0) for _ in range(outcomes)]
    floor = 0.04
    return [floor + (1 - floor * outcomes) * weight / sum(weights) for weight in weights]


def winner(market_id: UUID, outcomes: int, *, seed: int) -> int:
    """The outcome that comes true, drawn with these probabilities."""
    rng = Random(f"{seed}:{market_id}:outcome")
    return rng.choices(range(outcomes), weights=truth(market_id, outcomes, seed=seed))[0]


def drifted(probabilities: list[float], *, step: float, rng: Random) -> list[float]:
    """The probabilities after a little news: a random step of the log odds, `step` its standard deviation."""
    moved = [probability * math.exp(rng.gauss(0, step)) for probability in probabilities]
    return [probability / sum(moved) for probability in moved]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came true: each outcome's payout in units, and the value of a scalar market."""

    payout_units: list[int]
    value: Decimal | None


def verdict(market: Market, *, seed: int) -> Verdict:
    """A market's resolution: the winner takes all; a scalar market's value stands where its truth is, to the second decimal."""
    outcomes = len(market.price_units)
    lower, upper = market.scalar_lower, market.scalar_upper
    if lower is None or upper is None:
        won = winner(market.pk, outcomes, seed=seed)
        return Verdict([SET_UNITS if outcome == won else 0 for outcome in range(outcomes)], None)
    share = Decimal(truth(market.pk, outcomes, seed=seed)[0])
    value = (lower + (upper - lower) * share).quantize(Decimal("0.01"))
    return Verdict(scalar_payout(lower, upper, value), value)

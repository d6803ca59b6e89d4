"""What the informed traders of a simulation know: how likely each outcome of a market really is. Drawn from a seed, not stored."""

import math
from random import Random
from uuid import UUID


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

"""What a portfolio comes to when all its markets settle: its distribution, value at risk and expected shortfall. Pure.

Markets are taken to settle independently of one another, each outcome with the chance that its price says. While few sums are
possible the distribution is computed exactly, in integers; beyond MOST_SUMS of them DRAWS settlements are drawn from a generator
seeded with the portfolio's state, so that the same portfolio always shows the same figures. A drawn value at risk lies, with 95%
confidence, between the order statistics n a +/- 1.96 sqrt(n a (1 - a)) of the losses (binomial; David and Nagaraja 2003), which are
given along with it.

Value at risk at a: the smallest loss l with P(loss <= l) >= a. Expected shortfall: the mean of the worst 1 - a of the probability,
the outcome at its edge counted in part (Acerbi and Tasche 2002). Losses are against the expected value.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

DRAWS = 10_000
MOST_SUMS = 20_000
LEVELS = (95, 99)
_Z = 1.96

Payoffs = Sequence[tuple[int, int]]  # (value in units, weight)


@dataclass(frozen=True, slots=True)
class Tail:
    """Losses in units at a level in percent. low, high: the confidence interval of a drawn value at risk; equal if exact."""

    level: int
    value_at_risk_units: int
    expected_shortfall_units: int
    low_units: int
    high_units: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """A portfolio's settlement. `draws` is 0 where the distribution is exact."""

    expected_units: int
    draws: int
    tails: Sequence[Tail]


def settlement_of(markets: Sequence[Payoffs]) -> Settlement:
    """Of markets that each pay one of their values with chances in proportion to the weights."""
    expected = expected_units(markets)
    exact = convolved(markets)
    if exact is not None:
        return Settlement(expected, 0, [_tail(sorted(exact.items()), expected, level) for level in LEVELS])
    drawn = sorted(_drawn(markets))
    outcomes = [(value, 1) for value in drawn]
    tails = []
    for level in LEVELS:
        tail = _tail(outcomes, expected, level)
        low, high = _interval([expected - value for value in reversed(drawn)], level)
        tails.append(Tail(level, tail.value_at_risk_units, tail.expected_shortfall_units, low, high))
    return Settlement(expected, DRAWS, tails)


def expected_units(markets: Sequence[Payoffs]) -> int:
    """The sum of the markets' expected values, each rounded down."""
    return sum(
        sum(value * weight for value, weight in payoffs) // sum(weight for _, weight in payoffs) for payoffs in markets
    )


def convolved(markets: Sequence[Payoffs]) -> dict[int, int] | None:
    """Weight of every possible sum; None if there are more than MOST_SUMS."""
    sums = {0: 1}
    for payoffs in markets:
        longer: dict[int, int] = {}
        for total, mass in sums.items():
            for value, weight in payoffs:
                longer[total + value] = longer.get(total + value, 0) + mass * weight
        if len(longer) > MOST_SUMS:
            return None
        sums = longer
    return sums


def _drawn(markets: Sequence[Payoffs]) -> list[int]:
    """Settlement values of DRAWS independent draws."""
    state = hashlib.sha256(repr([list(payoffs) for payoffs in markets]).encode()).digest()
    rng = Random(int.from_bytes(state, "big"))  # noqa: S311 - to be repeated, not to be secret
    totals = [0] * DRAWS
    for payoffs in markets:
        values, weights = [value for value, _ in payoffs], [weight for _, weight in payoffs]
        drawn = rng.choices(values, weights, k=DRAWS)
        totals = [total + value for total, value in zip(totals, drawn, strict=True)]
    return totals


def _tail(outcomes: Sequence[tuple[int, int]], expected: int, level: int) -> Tail:
    """`outcomes`: (value, weight), worst first. Compared in integers, so that an edge is never missed by rounding."""
    whole = sum(weight for _, weight in outcomes)
    reached, at_edge = 0, outcomes[0][0]
    for value, weight in reversed(outcomes):
        reached += weight
        if reached * 100 >= whole * level:
            at_edge = value
            break
    tail, left, worst = whole * (100 - level), whole * (100 - level), 0
    for value, weight in outcomes:
        taken = min(left, weight * 100)
        worst += value * taken
        left -= taken
        if not left:
            break
    shortfall = expected - worst // tail
    return Tail(level, expected - at_edge, shortfall, expected - at_edge, expected - at_edge)


def _interval(losses: Sequence[int], level: int) -> tuple[int, int]:
    """Order statistics around a drawn value at risk. `losses`: smallest first."""
    count, share = len(losses), level / 100
    margin = _Z * math.sqrt(count * share * (1 - share))
    low, high = math.floor(count * share - margin), math.ceil(count * share + margin)
    return losses[max(0, low - 1)], losses[min(count, high) - 1]

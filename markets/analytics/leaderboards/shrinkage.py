"""Scores that resist luck: means shrunk towards everybody's, the more the fewer markets they rest on. Pure.

A trader's results in n markets have the mean x. Taken as n draws around a skill of their own, which itself is a draw around
everybody's mean m, the best linear estimate of the skill is (Buehlmann and Straub 1970, "Glaubwuerdigkeit fuer Schadensaetze"; the
empirical Bayes form of James and Stein 1961, Efron and Morris 1975)

    m + Z (x - m),    Z = n / (n + k),    k = (variance within traders) / (variance between traders)

m is the mean of x weighted by Z. Both variances are estimated from the traders at hand (method of moments, unbiased). Where there are
too few of them to tell (fewer than FEWEST_TRADERS), or no difference between them shows, k is the prior's: PRIOR_MARKETS. It is kept
within LEAST_MARKETS and MOST_MARKETS, so that neither does one lucky market count in full nor is a long record ignored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

PRIOR_MARKETS = 10
LEAST_MARKETS = 2
MOST_MARKETS = 50
FEWEST_TRADERS = 10


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A trader's estimate. mean: of their own results; credibility: Z in [0, 1)."""

    mean: Fraction
    estimate: Fraction
    credibility: Fraction


def shrink(results: Sequence[Sequence[int]]) -> list[Shrunk]:
    """One estimate per trader, from their results per market; each must have at least one."""
    if not results:
        return []
    counts = [len(own) for own in results]
    means = [Fraction(sum(own), len(own)) for own in results]
    k = half_credibility(results, means)
    weights = [Fraction(count) / (count + k) for count in counts]
    centre = sum((weight * mean for weight, mean in zip(weights, means, strict=True)), Fraction(0)) / sum(weights)
    return [
        Shrunk(mean, centre + weight * (mean - centre), weight) for mean, weight in zip(means, weights, strict=True)
    ]


def half_credibility(results: Sequence[Sequence[int]], means: Sequence[Fraction]) -> Fraction:
    """k: as many markets as give the own mean half of the weight."""
    traders, total = len(results), sum(len(own) for own in results)
    if traders < FEWEST_TRADERS or total <= traders:
        return Fraction(PRIOR_MARKETS)
    squares = sum(((value - mean) ** 2 for own, mean in zip(results, means, strict=True) for value in own), Fraction(0))
    within = squares / (total - traders)
    overall = Fraction(sum(sum(own) for own in results), total)
    spread = sum((len(own) * (mean - overall) ** 2 for own, mean in zip(results, means, strict=True)), Fraction(0))
    between = (spread - (traders - 1) * within) / (total - Fraction(sum(len(own) ** 2 for own in results), total))
    if between <= 0:
        return Fraction(MOST_MARKETS)
    return min(max(within / between, Fraction(LEAST_MARKETS)), Fraction(MOST_MARKETS))

"""From results per market to places on a leaderboard. Pure.

| metric | a market's result | the score |
|---|---|---|
| profit | profit within the window, units | number of markets x shrunk mean, units |
| roi | profit per cash invested within the window, millionths | shrunk mean |
| brier | Brier score of the standing forecast, millionths | shrunk mean; the least leads |
| log | logarithmic score, millionths of a nat | shrunk mean |

Only who was active enough is ranked: FEWEST_MARKETS markets that count and FEWEST_FILLS own sides of trades within the window.
A return is bounded to +-RETURN_BOUND, so that a market in which next to nothing was invested does not outweigh all others.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from markets.analytics.leaderboards.shrinkage import Shrunk, shrink

FEWEST_MARKETS = 3
FEWEST_FILLS = 5
MILLION = 1_000_000
RETURN_BOUND = 10 * MILLION
METRICS = ("profit", "roi", "brier", "log")
ASCENDING = frozenset({"brier"})


@dataclass(frozen=True, slots=True)
class Outing:
    """What an account did in one market within a window. Scores are None for markets that did not settle in it."""

    account_id: int
    category: str
    profit_units: int
    invested_units: int
    fills: int
    brier_millionths: int | None = None
    log_micronats: int | None = None

    def result(self, metric: str) -> int | None:
        """The market's result by a metric; None if it does not count."""
        if metric == "profit":
            return self.profit_units
        if metric == "roi":
            if self.invested_units <= 0:
                return None
            return max(-RETURN_BOUND, min(RETURN_BOUND, self.profit_units * MILLION // self.invested_units))
        return self.brier_millionths if metric == "brier" else self.log_micronats


@dataclass(frozen=True, slots=True)
class Place:
    """An account's place. Equal scores share a rank, and the next rank counts them all (1, 2, 2, 4)."""

    account_id: int
    rank: int
    score: int
    raw: int
    markets: int
    fills: int
    credibility_millionths: int


def boards(outings: Iterable[Outing]) -> dict[tuple[str, str], list[Place]]:
    """Places by (metric, category), over all markets and over each category; boards on which nobody is ranked are left out."""
    by_category: dict[str, list[Outing]] = defaultdict(list)
    for outing in outings:
        by_category[""].append(outing)
        if outing.category:
            by_category[outing.category].append(outing)
    found = {(metric, category): ranked(own, metric) for category, own in by_category.items() for metric in METRICS}
    return {key: places for key, places in found.items() if places}


def ranked(outings: Sequence[Outing], metric: str) -> list[Place]:
    """The places of those who were active enough, best first; ties in order of account."""
    by_account: dict[int, list[Outing]] = defaultdict(list)
    for outing in outings:
        by_account[outing.account_id].append(outing)
    results = {account: _results(own, metric) for account, own in by_account.items()}
    fills = {account: sum(outing.fills for outing in own) for account, own in by_account.items()}
    eligible = sorted(
        account for account in results if len(results[account]) >= FEWEST_MARKETS and fills[account] >= FEWEST_FILLS
    )
    estimates = shrink([results[account] for account in eligible])
    scored = [
        (_scored(shrunk.estimate, metric, len(results[account])), account, shrunk)
        for account, shrunk in zip(eligible, estimates, strict=True)
    ]
    scored.sort(key=lambda entry: (entry[0] if metric in ASCENDING else -entry[0], entry[1]))
    places: list[Place] = []
    for position, (score, account, shrunk) in enumerate(scored, start=1):
        rank = places[-1].rank if places and places[-1].score == score else position
        markets = len(results[account])
        places.append(_place(account, rank, score, shrunk, metric, markets, fills[account]))
    return places


def _results(outings: Sequence[Outing], metric: str) -> list[int]:
    return [result for outing in outings if (result := outing.result(metric)) is not None]


def _scored(value: Fraction, metric: str, markets: int) -> int:
    """An estimate or a mean as it is shown, to the nearest unit or millionth."""
    return round(value * markets if metric == "profit" else value)


def _place(account: int, rank: int, score: int, shrunk: Shrunk, metric: str, markets: int, fills: int) -> Place:
    raw = _scored(shrunk.mean, metric, markets)
    return Place(account, rank, score, raw, markets, fills, round(shrunk.credibility * MILLION))

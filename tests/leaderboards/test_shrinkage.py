"""Scores that resist luck: closer to everybody's mean the fewer markets they rest on."""

from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from markets.analytics.leaderboards.ranking import FEWEST_FILLS, FEWEST_MARKETS, Outing, boards, ranked
from markets.analytics.leaderboards.shrinkage import (
    FEWEST_TRADERS,
    LEAST_MARKETS,
    MOST_MARKETS,
    PRIOR_MARKETS,
    half_credibility,
    shrink,
)

results = st.lists(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=12), min_size=1, max_size=20)


@given(results)
def test_every_estimate_lies_between_the_own_mean_and_everybodys(own: list[list[int]]) -> None:
    shrunk = shrink(own)
    weights = [each.credibility for each in shrunk]
    centre = sum(w * each.mean for w, each in zip(weights, shrunk, strict=True)) / sum(weights)
    for values, each in zip(own, shrunk, strict=True):
        assert each.mean == Fraction(sum(values), len(values))
        assert min(each.mean, centre) <= each.estimate <= max(each.mean, centre)
        assert Fraction(1, 1 + MOST_MARKETS) <= each.credibility < 1


@given(results, st.integers(1, 10), st.integers(11, 40), st.integers(-(10**6), 10**6))
def test_of_two_with_the_same_mean_the_longer_record_is_shrunk_less(
    others: list[list[int]], short: int, long: int, mean: int
) -> None:
    shrunk = shrink([[mean] * short, [mean] * long, *others])
    assert shrunk[0].mean == shrunk[1].mean
    assert shrunk[0].credibility < shrunk[1].credibility
    assert abs(shrunk[0].estimate - mean) >= abs(shrunk[1].estimate - mean)


@given(results)
def test_the_prior_counts_as_many_markets_as_it_may(own: list[list[int]]) -> None:
    k = half_credibility(own, [Fraction(sum(values), len(values)) for values in own])
    assert LEAST_MARKETS <= k <= MOST_MARKETS
    if len(own) < FEWEST_TRADERS:
        assert k == PRIOR_MARKETS


def test_variances_are_found_again_from_many_traders() -> None:
    """Skills spread by 100, results around them by 300: nine markets make half of the weight."""
    rng = Random(7)
    own = []
    for _ in range(3_000):
        skill = rng.gauss(0, 100)
        own.append([round(rng.gauss(skill, 300)) for _ in range(rng.randint(3, 25))])
    k = half_credibility(own, [Fraction(sum(values), len(values)) for values in own])
    assert 8 < k < 10.2


def test_shrunk_scores_predict_better_than_plain_means() -> None:
    """What the shrinking is for (Efron and Morris 1975): a smaller squared error over all traders together."""
    rng = Random(11)
    skills = [rng.gauss(0, 100) for _ in range(500)]
    own = [[round(rng.gauss(skill, 600)) for _ in range(rng.randint(3, 30))] for skill in skills]
    shrunk = shrink(own)
    plain = sum((float(each.mean) - skill) ** 2 for each, skill in zip(shrunk, skills, strict=True))
    better = sum((float(each.estimate) - skill) ** 2 for each, skill in zip(shrunk, skills, strict=True))
    assert better < plain / 2


def an_outing(account: int, profit: int, *, fills: int = 2, **other: object) -> Outing:
    return Outing(account, str(other.pop("category", "")), profit, 100, fills, **other)


def test_one_lucky_market_does_not_lead() -> None:
    steady = [an_outing(1, 900) for _ in range(30)]
    lucky = [an_outing(2, profit) for profit in (27_100, 0, 0)]
    rest = [an_outing(account, -50) for account in range(3, 9) for _ in range(10)]
    places = ranked([*steady, *lucky, *rest], "profit")
    by_account = {place.account_id: place for place in places}
    assert by_account[2].raw > by_account[1].raw
    assert by_account[1].rank < by_account[2].rank


def test_who_was_hardly_active_is_not_ranked() -> None:
    few_markets = [an_outing(1, 10, fills=50) for _ in range(FEWEST_MARKETS - 1)]
    few_trades = [an_outing(2, 10, fills=1) for _ in range(FEWEST_FILLS - 1)]
    enough = [an_outing(3, 10) for _ in range(FEWEST_MARKETS)]
    assert [place.account_id for place in ranked([*few_markets, *few_trades, *enough], "profit")] == [3]


def test_equal_scores_share_a_rank_and_the_next_one_counts_them_all() -> None:
    outings = [an_outing(account, profit) for account, profit in ((1, 5), (2, 9), (3, 5), (4, 1)) for _ in range(3)]
    places = ranked(outings, "profit")
    assert [(place.account_id, place.rank) for place in places] == [(2, 1), (1, 2), (3, 2), (4, 4)]


def test_the_least_brier_score_leads_and_the_greatest_of_the_others() -> None:
    outings = [
        an_outing(account, account, brier_millionths=100_000 * account, log_micronats=-100_000 * account)
        for account in (1, 2, 3)
        for _ in range(3)
    ]
    first = {metric: ranked(outings, metric)[0].account_id for metric in ("brier", "log", "profit", "roi")}
    assert first == {"brier": 1, "log": 1, "profit": 3, "roi": 3}


def test_a_market_counts_on_the_board_of_all_and_on_its_categorys() -> None:
    outings = [an_outing(1, 3, category=category) for category in ("sport", "sport", "sport", "weather", "")]
    found = boards(outings)
    assert {key: places[0].markets for key, places in found.items() if key[0] == "profit"} == {
        ("profit", ""): 5,
        ("profit", "sport"): 3,
    }

"""A trader's figures, computed from their results per market. Pure; formulas and sources are in docs/user-figures.md."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from markets.analytics.traders.forecast import MILLION
from markets.analytics.traders.selectors import MarketResult
from markets.engine.units import SET_UNITS

BINS = 10
MOST_CATEGORIES = 5


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """Turnover in a category, in units and in millionths of the whole."""

    category: str
    turnover_units: int
    share_millionths: int
    profit_units: int
    markets: int


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Forecasts with lower <= chance < upper (the last bin includes 100%): their mean and what came true, in millionths."""

    lower_millionths: int
    upper_millionths: int
    forecasts: int
    mean_forecast_millionths: int
    mean_outcome_millionths: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Money in units; shares and scores in millionths; None where nothing has happened to compute it from."""

    realised_units: int
    unrealised_units: int
    profit_units: int
    fees_units: int
    turnover_units: int
    invested_units: int
    return_millionths: int | None
    fills: int
    traded_contracts: int
    average_trade_units: int | None
    average_trade_contracts_millionths: int | None
    active_days: int
    fills_per_active_day_millionths: int | None
    markets: int
    settled_markets: int
    won_markets: int
    win_rate_millionths: int | None
    best: MarketResult | None
    worst: MarketResult | None
    categories: Sequence[CategoryShare]
    scored_markets: int
    brier_millionths: int | None
    log_micronats: int | None
    calibration: Sequence[CalibrationBin]


def ratio(part: int, whole: int) -> int | None:
    """part / whole in millionths, to the nearest; None if the whole is not positive."""
    return (2 * part * MILLION + whole) // (2 * whole) if whole > 0 else None


def figures_of(results: Sequence[MarketResult], *, active_days: int) -> Figures:
    """Of one trader's results in a period. Markets settled in it count for the win rate and the scores."""
    settled = [result for result in results if result.settled_at is not None]
    won = sum(result.profit_units > 0 for result in settled)
    fills = sum(result.stake.fills - result.before.fills for result in results)
    contracts = sum(result.stake.traded_contracts - result.before.traded_contracts for result in results)
    turnover = sum(_turnover(result) for result in results)
    invested = sum(result.stake.invested_units - result.before.invested_units for result in results)
    profit = sum(result.profit_units for result in results)
    ranked = sorted(results, key=lambda result: (result.profit_units, str(result.market_id)))
    briers = [result.brier_millionths for result in settled if result.brier_millionths is not None]
    logs = [result.log_micronats for result in settled if result.log_micronats is not None]
    return Figures(
        realised_units=sum(result.realised_units for result in results),
        unrealised_units=sum(result.unrealised_units for result in results),
        profit_units=profit,
        fees_units=sum(result.stake.fees_units - result.before.fees_units for result in results),
        turnover_units=turnover,
        invested_units=invested,
        return_millionths=ratio(profit, invested),
        fills=fills,
        traded_contracts=contracts,
        average_trade_units=turnover // fills if fills else None,
        average_trade_contracts_millionths=ratio(contracts, fills),
        active_days=active_days,
        fills_per_active_day_millionths=ratio(fills, active_days),
        markets=len({result.market_id for result in results}),
        settled_markets=len(settled),
        won_markets=won,
        win_rate_millionths=ratio(won, len(settled)),
        best=ranked[-1] if ranked and ranked[-1].profit_units > 0 else None,
        worst=ranked[0] if ranked and ranked[0].profit_units < 0 else None,
        categories=_categories(results),
        scored_markets=len(briers),
        brier_millionths=_mean(briers),
        log_micronats=_mean(logs),
        calibration=calibration(settled),
    )


def _turnover(result: MarketResult) -> int:
    return result.stake.turnover_units - result.before.turnover_units


def _mean(values: Sequence[int]) -> int | None:
    count = len(values)
    return (2 * sum(values) + count) // (2 * count) if count else None


def _categories(results: Sequence[MarketResult]) -> list[CategoryShare]:
    """The categories a trader turns over most, most first; "" are markets without one."""
    by_category: dict[str, list[MarketResult]] = defaultdict(list)
    for result in results:
        by_category[result.category].append(result)
    whole = sum(_turnover(result) for result in results)
    shares = [
        CategoryShare(
            category=category,
            turnover_units=(turnover := sum(_turnover(result) for result in found)),
            share_millionths=ratio(turnover, whole) or 0,
            profit_units=sum(result.profit_units for result in found),
            markets=len(found),
        )
        for category, found in by_category.items()
    ]
    return sorted(shares, key=lambda share: (-share.turnover_units, share.category))[:MOST_CATEGORIES]


def calibration(settled: Sequence[MarketResult]) -> list[CalibrationBin]:
    """How often came true what was held for so likely: mean forecasts of settled markets in ten bins, empty ones left out.

    A market of two outcomes counts once, by its first outcome: the second says the same again.
    """
    bins: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for result in settled:
        chances, payout = result.forecast.mean_chances(), result.payout_units
        if not chances or payout is None:
            continue
        for outcome in range(1 if len(chances) == 2 else len(chances)):
            truth = payout[outcome] * MILLION // SET_UNITS
            bins[min(chances[outcome] * BINS // MILLION, BINS - 1)].append((chances[outcome], truth))
    return [
        CalibrationBin(
            lower_millionths=number * MILLION // BINS,
            upper_millionths=(number + 1) * MILLION // BINS,
            forecasts=len(pairs),
            mean_forecast_millionths=_mean([chance for chance, _ in pairs]) or 0,
            mean_outcome_millionths=_mean([truth for _, truth in pairs]) or 0,
        )
        for number, pairs in sorted(bins.items())
    ]

"""What an account's page in the console shows of its owner's trading and risk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from governance.access.pages import Fact
from markets.analytics.risk.portfolio import PortfolioRisk, risk_of
from markets.analytics.traders.figures import Figures, figures_of
from markets.analytics.traders.history import DayFigures, history
from markets.analytics.traders.periods import PERIODS, first_day
from markets.analytics.traders.selectors import MarketResult, active_days, results_of
from markets.ledger.models import Account
from markets.oversight.chart import steps
from markets.oversight.columns import amount, number
from markets.oversight.percentages import decimal, percentage

DEFAULT_PERIOD = "all"
PERIOD_NAMES = {"7d": "7 days", "30d": "30 days", "90d": "90 days", "all": "All time"}
MOST_MARKETS = 20
CHART_WIDTH, CHART_HEIGHT = 720.0, 140.0
_FIGURES_OF_USER = "/api/v1/ai-analytics/analytics/user"


@dataclass(frozen=True, slots=True)
class PeriodLink:
    """A choice of period above the figures."""

    title: str
    link: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ProfitChart:
    """Profit and its realised part by day, as SVG paths; the scale's ends in units."""

    profit_path: str
    realised_path: str
    high_units: int
    low_units: int
    first: date
    last: date
    width: float = CHART_WIDTH
    height: float = CHART_HEIGHT


def profit_chart(days: Sequence[DayFigures]) -> ProfitChart | None:
    """Of two days or more; the scale includes zero."""
    if len(days) < 2:
        return None
    values = [units for day in days for units in (day.profit_units, day.realised_units)]
    high, low = max(0, *values), min(0, *values)
    if high == low:
        return None

    def path(heights: Sequence[int]) -> str:
        points = [(index / len(days), float(units)) for index, units in enumerate(heights)]
        return steps(points, width=CHART_WIDTH, height=CHART_HEIGHT, low=low, high=high)

    return ProfitChart(
        profit_path=path([day.profit_units for day in days]),
        realised_path=path([day.realised_units for day in days]),
        high_units=high,
        low_units=low,
        first=days[0].day,
        last=days[-1].day,
    )


def panels(account: Account, *, period: str, now: datetime) -> dict[str, Any]:
    """A trader's figures in a period and the risk of what they hold, in this account's organization. Eight statements."""
    chosen = period if period in PERIODS else DEFAULT_PERIOD
    start = first_day(chosen, now)
    results = results_of([account.pk], start=start)
    figures = figures_of(results, active_days=active_days([account.pk], start=start))
    risk = risk_of([account.pk])
    days = history([account.pk], period=chosen, now=now)
    query = f"?organization={account.organization_id}&period={chosen}"
    return {
        "periods": [PeriodLink(title, f"?period={name}", name == chosen) for name, title in PERIOD_NAMES.items()],
        "figures": figures,
        "chart": profit_chart(days),
        "profit_facts": profit_facts(figures),
        "skill_facts": skill_facts(figures),
        "results": results[:MOST_MARKETS],
        "results_left_out": max(0, len(results) - MOST_MARKETS),
        "risk": risk,
        "risk_facts": risk_facts(risk),
        "markets_csv": f"{_FIGURES_OF_USER}/{account.owner_id}/markets.csv{query}",
        "history_csv": f"{_FIGURES_OF_USER}/{account.owner_id}/history.csv{query}",
    }


def profit_facts(figures: Figures) -> list[Fact]:
    return [
        Fact("Profit", amount(figures.profit_units, signed=True)),
        Fact("Realised", amount(figures.realised_units, signed=True)),
        Fact("Unrealised now", amount(figures.unrealised_units, signed=True)),
        Fact("Fees paid", amount(figures.fees_units)),
        Fact("Turnover", amount(figures.turnover_units)),
        Fact("Return on investment", percentage(figures.return_millionths)),
        Fact("Trades", number(figures.fills)),
        Fact("Average trade", amount(figures.average_trade_units)),
        Fact("Trades per active day", decimal(figures.fills_per_active_day_millionths)),
    ]


def skill_facts(figures: Figures) -> list[Fact]:
    return [
        Fact("Win rate", _share(figures.win_rate_millionths, figures.won_markets, figures.settled_markets)),
        Fact("Brier score (0 best, 2 worst)", decimal(figures.brier_millionths)),
        Fact("Logarithmic score (0 best)", decimal(figures.log_micronats)),
        Fact("Scored markets", number(figures.scored_markets)),
        Fact("Best market", _market(figures.best)),
        Fact("Worst market", _market(figures.worst)),
    ]


def risk_facts(risk: PortfolioRisk) -> list[Fact]:
    facts = [
        Fact("Expected total", amount(risk.expected_total_units)),
        Fact("Worst case", amount(risk.worst_total_units)),
        Fact("Best case", amount(risk.best_total_units)),
    ]
    for tail in risk.settlement.tails:
        facts.append(Fact(f"Value at risk, {tail.level}%", amount(tail.value_at_risk_units)))
        facts.append(Fact(f"Expected shortfall, {tail.level}%", amount(tail.expected_shortfall_units)))
    return [*facts, Fact("Concentration (1 is all in one market)", decimal(risk.concentration_millionths))]


def _share(millionths: int | None, part: int, whole: int) -> SafeString:
    if millionths is None:
        return SafeString("–")
    return format_html("{} ({} of {})", percentage(millionths), part, whole)


def _market(result: MarketResult | None) -> SafeString:
    if result is None:
        return SafeString("–")
    return format_html("{} {}", amount(result.profit_units, signed=True), result.question)

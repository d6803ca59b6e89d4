"""The section of a market's page that shows its figures: what happened in a day and a week, and a chart by hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markets.analytics.markets.api.shapes import decimals
from markets.analytics.markets.selectors import Figures, figures_of
from markets.analytics.markets.series import Interval, Stretch, history
from markets.engine.units import SET_UNITS
from markets.lifecycle.models import Market
from markets.oversight.chart import Bar, bars, steps
from markets.oversight.columns import percent
from opinion_market.kernel import clock
from opinion_market.kernel.money import credits_text

CHART_WIDTH, PRICES_HEIGHT, VOLUME_HEIGHT = 720.0, 180.0, 90.0
OUTCOMES_DRAWN = 6
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure as the page's grid shows it."""

    title: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HourlyLine:
    """An outcome's price at the end of each hour, as an SVG path."""

    label: str
    path: str
    number: int


@dataclass(frozen=True, slots=True)
class HourlyChart:
    """A week by hour: prices of the leading outcomes on the whole scale, and bars of the units paid."""

    lines: Sequence[HourlyLine]
    volume: Sequence[Bar]
    first: datetime
    last: datetime
    width: float = CHART_WIDTH
    prices_height: float = PRICES_HEIGHT
    volume_height: float = VOLUME_HEIGHT


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome's line in the table; texts, a dash where there is nothing to say."""

    label: str
    cells: Sequence[str]


OUTCOME_COLUMNS = (
    "Price", "1 hour", "24 hours", "7 days", "Bid", "Offer", "Spread", "Depth to 5 cents", "Volatility", "Momentum",
    "Liquidity",
)  # fmt: skip


def read(market: Market, labels: Sequence[str], page: str) -> dict[str, Any]:
    """What the section's template needs."""
    now = clock.now()
    found = figures_of(market, now=now)
    stretch = Stretch.of("hour", None, None, now=now)
    return {
        "shown": _grid(found, labels),
        "columns": OUTCOME_COLUMNS,
        "outcome_rows": [_row(found, index) for index in range(len(found.outcomes))],
        "hourly": hourly_chart(history(market.pk, stretch), stretch, labels),
        "found": found,
    }


def _grid(found: Figures, labels: Sequence[str]) -> list[Shown]:
    largest = "–"
    note = "nothing has been traded"
    if found.stored is not None and found.stored.largest_outcome is not None:
        largest = f"{found.stored.largest_contracts:,} contracts"
        paid = credits_text(found.stored.largest_value_units)
        note = f"of {labels[found.stored.largest_outcome]} for {paid} credits, #{found.stored.largest_sequence}"
    return [
        Shown("Volume in 24 hours", credits_text(found.day.value_units), f"{found.day.contracts:,} contracts"),
        Shown("Volume in 7 days", credits_text(found.week.value_units), f"{found.week.contracts:,} contracts"),
        Shown("Volume in all", credits_text(found.total.value_units), f"{found.total.contracts:,} contracts"),
        Shown("Trades in 24 hours", f"{found.day.trades:,}", f"{found.total.trades:,} in all"),
        Shown("Active traders in 24 hours", f"{found.active_traders_24h:,}", f"{found.participants:,} ever traded"),
        Shown("Largest trade", largest, note),
        Shown("Liquidity score", str(found.liquidity_score), "of 100: spread, depth and volume"),
    ]


def _row(found: Figures, index: int) -> OutcomeRow:
    outcome = found.outcomes[index]
    near = outcome.quotes.depth[1]
    cells = (
        percent(outcome.price_units),
        _points(outcome.change_1h_units),
        _points(outcome.change_24h_units),
        _points(outcome.change_7d_units),
        percent(outcome.quotes.best_bid_units),
        percent(outcome.quotes.best_offer_units),
        percent(outcome.quotes.spread_units),
        f"{near.bids:,} / {near.offers:,}",
        decimals(outcome.volatility_24h) or "–",
        decimals(outcome.momentum_24h) or "–",
        str(outcome.liquidity_score),
    )
    return OutcomeRow(outcome.label, cells)


def _points(units: int | None) -> str:
    """A change of price in percentage points."""
    return "–" if units is None else f"{units / 100:+.2f}"


def hourly_chart(intervals: Sequence[Interval], stretch: Stretch, labels: Sequence[str]) -> HourlyChart | None:
    """None if nothing was traded. An hour without trades has no bar, and the price stays where it was."""
    if not intervals:
        return None
    by_start = {interval.bucket.start: interval.bucket for interval in intervals}
    count = (stretch.end - stretch.start) // _HOUR
    hours = [stretch.start + _HOUR * hour for hour in range(count)]
    paid = [
        (f"{hour:%a %d %H:00} UTC: {credits_text(units)} credits", units)
        for hour in hours
        for units in [by_start[hour].value_units if hour in by_start else 0]
    ]
    shown = range(1) if len(labels) == 2 else range(min(len(labels), OUTCOMES_DRAWN))
    lines = []
    for outcome in shown:
        points = [
            ((hour + 1) / count, float(by_start[at].close_units[outcome]))
            for hour, at in enumerate(hours)
            if at in by_start and outcome < len(by_start[at].close_units)
        ]
        path = steps(points, width=CHART_WIDTH, height=PRICES_HEIGHT, low=0, high=SET_UNITS)
        lines.append(HourlyLine(labels[outcome], path, outcome + 1))
    return HourlyChart(lines, bars(paid, width=CHART_WIDTH, height=VOLUME_HEIGHT), stretch.start, stretch.end)

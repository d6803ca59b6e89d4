"""A trader's profit day by day: each market's stake at the day's end, at the last prices of that day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from markets.analytics.traders.average_cost import Stake
from markets.analytics.traders.periods import first_day
from markets.analytics.traders.selectors import closing_prices, daily_stakes

MOST_DAYS = 730


@dataclass(frozen=True, slots=True)
class DayFigures:
    """At the end of a day (UTC; today: now), since the account was opened. Units, but fills."""

    day: date
    realised_units: int
    unrealised_units: int
    fees_units: int
    turnover_units: int
    fills: int

    @property
    def profit_units(self) -> int:
        return self.realised_units + self.unrealised_units


def history(accounts: Collection[int], *, period: str, now: datetime) -> list[DayFigures]:
    """One entry per day of the period, oldest first, from the first trade on; at most MOST_DAYS. Two statements."""
    today = now.astimezone(UTC).date()
    daily = daily_stakes(accounts, until=today)
    if not daily:
        return []
    earliest = today - timedelta(days=MOST_DAYS - 1)
    start = max(first_day(period, now) or daily[0].day, daily[0].day, earliest)
    closes = closing_prices({entry.market_id for entry in daily}, until=today)
    stakes: dict[tuple[object, int], Stake] = {}
    marks: dict[object, list[int]] = {}
    found, index, day = [], 0, min(daily[0].day, min(closes, default=today))
    while day <= today:
        marks.update({market: list(prices) for market, prices in closes.get(day, {}).items()})
        while index < len(daily) and daily[index].day == day:
            stakes[daily[index].market_id, daily[index].account_id] = daily[index].stake
            index += 1
        if day >= start:
            found.append(_day_figures(day, stakes, marks))
        day += timedelta(days=1)
    return found


def _day_figures(day: date, stakes: dict[tuple[object, int], Stake], marks: dict[object, list[int]]) -> DayFigures:
    return DayFigures(
        day=day,
        realised_units=sum(stake.realised_units for stake in stakes.values()),
        unrealised_units=sum(stake.unrealised_units(marks[market]) for (market, _), stake in stakes.items()),
        fees_units=sum(stake.fees_units for stake in stakes.values()),
        turnover_units=sum(stake.turnover_units for stake in stakes.values()),
        fills=sum(stake.fills for stake in stakes.values()),
    )

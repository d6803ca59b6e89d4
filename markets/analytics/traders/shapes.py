"""What the endpoints on traders take and answer."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers

from markets.analytics.traders.figures import Figures
from markets.analytics.traders.history import DayFigures
from markets.analytics.traders.periods import PERIODS, first_day
from markets.analytics.traders.selectors import MarketResult

MARKET_COLUMNS = (
    "market", "organization", "question", "category", "profit", "realised", "unrealised", "fees", "turnover", "invested",
    "fills", "contracts_traded", "first_at", "last_at", "settled_at", "brier_millionths", "log_micronats",
)  # fmt: skip
DAY_COLUMNS = ("day", "profit", "realised", "unrealised", "fees", "turnover", "fills")


class FigureFilters(serializers.Serializer[Any]):
    period = serializers.ChoiceField(
        choices=list(PERIODS),
        default="all",
        help_text="Whole days of UTC, today included: 7d is today and six days before.",
    )
    organization = serializers.CharField(required=False, max_length=60, help_text="Id or short name; all if left out.")


class MarketResultSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    question = serializers.CharField()
    category = serializers.CharField()
    profit = serializers.IntegerField(help_text="Realised and unrealised, within the period.")
    settled = serializers.BooleanField()


class CategoryShareSerializer(serializers.Serializer[Any]):
    category = serializers.CharField(help_text="Empty: markets without one.")
    turnover_units = serializers.IntegerField()
    share_millionths = serializers.IntegerField(help_text="Of the whole turnover.")
    profit_units = serializers.IntegerField()
    markets = serializers.IntegerField()


class CalibrationBinSerializer(serializers.Serializer[Any]):
    lower_millionths = serializers.IntegerField()
    upper_millionths = serializers.IntegerField()
    forecasts = serializers.IntegerField()
    mean_forecast_millionths = serializers.IntegerField()
    mean_outcome_millionths = serializers.IntegerField(help_text="How often it came true.")


class UserFiguresSerializer(serializers.Serializer[Any]):
    """Money in units, shares and Brier scores in millionths. Null: nothing has happened to compute it from."""

    user = serializers.UUIDField()
    organizations = serializers.ListField(child=serializers.UUIDField(), help_text="Those the figures are of.")
    period = serializers.ChoiceField(choices=list(PERIODS))
    since = serializers.DateField(allow_null=True, help_text="First day of the period.")
    at = serializers.DateTimeField()
    realised_units = serializers.IntegerField(help_text="By average cost, fees deducted.")
    unrealised_units = serializers.IntegerField(help_text="Contracts held now, at the last prices, less their cost.")
    profit_units = serializers.IntegerField(help_text="Of the period: what was unrealised at its start counts as had.")
    fees_units = serializers.IntegerField()
    turnover_units = serializers.IntegerField(help_text="Cash paid and received in trades, without fees.")
    invested_units = serializers.IntegerField(help_text="Cash paid for contracts.")
    return_millionths = serializers.IntegerField(allow_null=True, help_text="Profit / invested.")
    fills = serializers.IntegerField(help_text="Own sides of trades.")
    traded_contracts = serializers.IntegerField()
    average_trade_units = serializers.IntegerField(allow_null=True, help_text="Turnover / fills, rounded down.")
    average_trade_contracts_millionths = serializers.IntegerField(allow_null=True)
    active_days = serializers.IntegerField()
    fills_per_active_day_millionths = serializers.IntegerField(allow_null=True)
    markets = serializers.IntegerField()
    settled_markets = serializers.IntegerField()
    won_markets = serializers.IntegerField(help_text="Settled with a profit within the period.")
    win_rate_millionths = serializers.IntegerField(allow_null=True)
    best = MarketResultSerializer(allow_null=True, help_text="The market with the greatest profit.")
    worst = MarketResultSerializer(allow_null=True, help_text="The market with the greatest loss.")
    categories = CategoryShareSerializer(many=True, help_text="The five with most turnover.")
    scored_markets = serializers.IntegerField()
    brier_millionths = serializers.IntegerField(allow_null=True, help_text="0 (best) to 2,000,000.")
    log_micronats = serializers.IntegerField(allow_null=True, help_text="0 (best) and less.")
    calibration = CalibrationBinSerializer(many=True)


class DayFiguresSerializer(serializers.Serializer[Any]):
    """At the end of a day (UTC), since the first trade, in units."""

    day = serializers.DateField()
    profit = serializers.IntegerField()
    realised = serializers.IntegerField()
    unrealised = serializers.IntegerField()
    fees = serializers.IntegerField()
    turnover = serializers.IntegerField()
    fills = serializers.IntegerField()


class TraderHistorySerializer(serializers.Serializer[Any]):
    user = serializers.UUIDField()
    period = serializers.ChoiceField(choices=list(PERIODS))
    days = DayFiguresSerializer(many=True)


def figures_body(
    figures: Figures, *, user: UUID, organizations: list[UUID], period: str, now: datetime
) -> dict[str, object]:
    best, worst = figures.best, figures.worst
    plain = {name: getattr(figures, name) for name in Figures.__slots__ if name not in _NESTED}
    return {
        "user": user,
        "organizations": organizations,
        "period": period,
        "since": first_day(period, now),
        "at": now,
        **plain,
        "best": best and _market_body(best),
        "worst": worst and _market_body(worst),
        "categories": [asdict(share) for share in figures.categories],
        "calibration": [asdict(each) for each in figures.calibration],
    }


_NESTED = frozenset({"best", "worst", "categories", "calibration"})


def _market_body(result: MarketResult) -> dict[str, object]:
    return {
        "market": result.market_id,
        "question": result.question,
        "category": result.category,
        "profit": result.profit_units,
        "settled": result.settled_at is not None,
    }


def market_row(result: MarketResult) -> tuple[object, ...]:
    """A line of the CSV file, in the order of MARKET_COLUMNS."""
    now, before = result.stake, result.before
    return (
        result.market_id,
        result.organization_id,
        result.question,
        result.category,
        result.profit_units,
        result.realised_units,
        result.unrealised_units,
        now.fees_units - before.fees_units,
        now.turnover_units - before.turnover_units,
        now.invested_units - before.invested_units,
        now.fills - before.fills,
        now.traded_contracts - before.traded_contracts,
        result.first_at.isoformat(),
        result.last_at.isoformat(),
        result.settled_at and result.settled_at.isoformat(),
        result.brier_millionths,
        result.log_micronats,
    )


def day_row(entry: DayFigures) -> tuple[object, ...]:
    """A line of the CSV file, in the order of DAY_COLUMNS."""
    return (
        entry.day, entry.profit_units, entry.realised_units, entry.unrealised_units, entry.fees_units,
        entry.turnover_units, entry.fills,
    )  # fmt: skip


def day_body(entry: DayFigures) -> dict[str, object]:
    return dict(zip(DAY_COLUMNS, day_row(entry), strict=True))

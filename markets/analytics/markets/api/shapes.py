"""What the endpoints for a market's figures answer."""

from typing import Any

from rest_framework import serializers

from markets.analytics.markets.models import MarketFigures
from markets.analytics.markets.selectors import Figures, OutcomeFigures, Turnover
from markets.analytics.markets.series import INTERVALS_S, Interval, Stretch
from markets.lifecycle.models import Market

INTERVAL_CHOICES = [(name, name.capitalize()) for name in INTERVALS_S]
_FOUR_DECIMALS = "text with four decimals"


class TurnoverSerializer(serializers.Serializer[Any]):
    contracts = serializers.IntegerField()
    value = serializers.IntegerField(help_text="Units paid for them, in the terms of the books.")
    trades = serializers.IntegerField()


class WindowsSerializer(serializers.Serializer[Any]):
    """Where the windows begin; they end now. Whole minutes: a window is up to 59 seconds longer than its name says."""

    hour = serializers.DateTimeField()
    day = serializers.DateTimeField()
    week = serializers.DateTimeField()


class LargestTradeSerializer(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    outcome = serializers.IntegerField(help_text="The book's.")
    contracts = serializers.IntegerField()
    value = serializers.IntegerField(help_text="Units paid for them.")
    executed_at = serializers.DateTimeField()


class DepthSerializer(serializers.Serializer[Any]):
    within = serializers.IntegerField(help_text="Units from the middle of the best prices, or from the last price.")
    bids = serializers.IntegerField(help_text="Contracts that could be sold there, to the house too.")
    offers = serializers.IntegerField(help_text="Contracts that could be bought there, from the house too.")


class OutcomeFiguresSerializer(serializers.Serializer[Any]):
    outcome = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    price = serializers.IntegerField(help_text="Units; the last one.")
    price_change_1h = serializers.IntegerField(
        allow_null=True, help_text="Units; since the opening price if the market opened later. Null before it opened."
    )
    price_change_24h = serializers.IntegerField(allow_null=True)
    price_change_7d = serializers.IntegerField(allow_null=True)
    best_bid = serializers.IntegerField(
        allow_null=True, help_text="Units: the highest limit at which a contract can be sold, to the house too."
    )
    best_offer = serializers.IntegerField(
        allow_null=True, help_text="Units: the lowest limit at which a contract can be bought, from the house too."
    )
    spread = serializers.IntegerField(allow_null=True, help_text="Units; null without prices on both sides.")
    depth = DepthSerializer(many=True)
    volatility_24h = serializers.CharField(
        allow_null=True,
        help_text=f"Standard deviation about zero of the hourly changes of the log odds, {_FOUR_DECIMALS}.",
    )
    volatility_7d = serializers.CharField(allow_null=True)
    momentum_24h = serializers.CharField(
        allow_null=True,
        help_text=f"The day's change of the log odds over its volatility, {_FOUR_DECIMALS}; null if nothing moved.",
    )
    liquidity_score = serializers.IntegerField(help_text="0..100, from spread, depth and the market's volume.")


class FiguresSerializer(serializers.Serializer[Any]):
    """A market's figures. Totals and windows are a moment behind the market: `version` tells which event was the last."""

    market = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Market.Status.choices)
    at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="The last event of the market's stream that is counted.")
    windows = WindowsSerializer()
    total = TurnoverSerializer()
    last_24h = TurnoverSerializer()
    last_7d = TurnoverSerializer()
    participants = serializers.IntegerField(help_text="Accounts that ever traded; the house is none.")
    active_traders_24h = serializers.IntegerField()
    largest_trade = LargestTradeSerializer(allow_null=True)
    last_trade_at = serializers.DateTimeField(allow_null=True)
    liquidity_score = serializers.IntegerField(help_text="0..100: the mean of the outcomes'.")
    outcomes = OutcomeFiguresSerializer(many=True)


class IntervalPricesSerializer(serializers.Serializer[Any]):
    outcome = serializers.IntegerField()
    open = serializers.IntegerField(help_text="Units: after the interval's first trade.")
    high = serializers.IntegerField()
    low = serializers.IntegerField()
    close = serializers.IntegerField(help_text="Units: after the last trade.")
    contracts = serializers.IntegerField(
        help_text="Traded in the outcome's own book; two outcomes have one, the first's."
    )


class IntervalSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    contracts = serializers.IntegerField()
    value = serializers.IntegerField(help_text="Units.")
    trades = serializers.IntegerField()
    traders = serializers.IntegerField(allow_null=True, help_text="Distinct accounts; null for hours.")
    outcomes = IntervalPricesSerializer(many=True)


class HistorySerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    interval = serializers.ChoiceField(choices=INTERVAL_CHOICES)
    start = serializers.DateTimeField(help_text="The first interval's beginning.")
    end = serializers.DateTimeField(help_text="The last interval's end.")
    intervals = IntervalSerializer(many=True, help_text="Oldest first; those without a trade are left out.")


def decimals(value: float | None) -> str | None:
    """What is no integer has no exact JSON number: text with four decimals."""
    return None if value is None else f"{value:.4f}"


def figures_body(found: Figures) -> dict[str, object]:
    """A market's figures."""
    return {
        "market": found.market.pk,
        "status": found.market.status,
        "at": found.at,
        "version": found.version,
        "windows": {"hour": found.windows.hour, "day": found.windows.day, "week": found.windows.week},
        "total": turnover_body(found.total),
        "last_24h": turnover_body(found.day),
        "last_7d": turnover_body(found.week),
        "participants": found.participants,
        "active_traders_24h": found.active_traders_24h,
        "largest_trade": _largest_body(found.stored),
        "last_trade_at": found.stored.last_trade_at if found.stored else None,
        "liquidity_score": found.liquidity_score,
        "outcomes": [outcome_body(outcome) for outcome in found.outcomes],
    }


def turnover_body(turnover: Turnover) -> dict[str, object]:
    """Contracts, units and trades."""
    return {"contracts": turnover.contracts, "value": turnover.value_units, "trades": turnover.trades}


def outcome_body(outcome: OutcomeFigures) -> dict[str, object]:
    """One outcome's figures."""
    return {
        "outcome": outcome.outcome,
        "label": outcome.label,
        "price": outcome.price_units,
        "price_change_1h": outcome.change_1h_units,
        "price_change_24h": outcome.change_24h_units,
        "price_change_7d": outcome.change_7d_units,
        "best_bid": outcome.quotes.best_bid_units,
        "best_offer": outcome.quotes.best_offer_units,
        "spread": outcome.quotes.spread_units,
        "depth": [
            {"within": each.within_units, "bids": each.bids, "offers": each.offers} for each in outcome.quotes.depth
        ],
        "volatility_24h": decimals(outcome.volatility_24h),
        "volatility_7d": decimals(outcome.volatility_7d),
        "momentum_24h": decimals(outcome.momentum_24h),
        "liquidity_score": outcome.liquidity_score,
    }


def _largest_body(stored: MarketFigures | None) -> dict[str, object] | None:
    if stored is None or stored.largest_sequence is None:
        return None
    return {
        "sequence": stored.largest_sequence,
        "outcome": stored.largest_outcome,
        "contracts": stored.largest_contracts,
        "value": stored.largest_value_units,
        "executed_at": stored.largest_at,
    }


def history_body(market: Market, stretch: Stretch, intervals: list[Interval]) -> dict[str, object]:
    """The intervals of a stretch."""
    return {
        "market": market.pk,
        "interval": stretch.interval,
        "start": stretch.start,
        "end": stretch.end,
        "intervals": [_interval_body(interval) for interval in intervals],
    }


def _interval_body(interval: Interval) -> dict[str, object]:
    bucket = interval.bucket
    vectors = (bucket.open_units, bucket.high_units, bucket.low_units, bucket.close_units, bucket.book_contracts)
    return {
        "start": bucket.start,
        "contracts": bucket.contracts,
        "value": bucket.value_units,
        "trades": bucket.trades,
        "traders": interval.traders,
        "outcomes": [
            {"outcome": index, "open": first, "high": high, "low": low, "close": last, "contracts": contracts}
            for index, (first, high, low, last, contracts) in enumerate(zip(*vectors, strict=True))
        ],
    }

"""`/api/v1/markets/{id}/prices`: candles."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from governance.access.drf import PUBLIC
from markets.lifecycle.glance import glance
from markets.trading import errors
from markets.trading.api.kept import KEPT
from markets.trading.api.requests import query_of
from markets.trading.candles import INTERVALS, MAX_CANDLES, Candle, InvalidSpan, Span, TooManyCandles, candles
from markets.trading.replies import average_price
from opinion_market.api.json import dump
from opinion_market.api.openapi import NOT_MODIFIED, PUBLIC_AUTH, TAGGED, failing
from opinion_market.api.representations import Representation, conditional_response, tag_of
from opinion_market.kernel import clock


class CandleFilters(serializers.Serializer[Any]):
    interval = serializers.ChoiceField(choices=list(INTERVALS), default="1h")
    outcome = serializers.IntegerField(default=0, min_value=0, max_value=32_767)
    to = serializers.DateTimeField(required=False, help_text="Trades before this time; now if left out.")
    fill = serializers.ChoiceField(
        choices=["none", "last"],
        default="none",
        help_text="Intervals without a trade are left out, or flat at the last close before them.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python's own, so it cannot be declared like the others."""
        begin = serializers.DateTimeField(
            required=False, help_text="From the interval that holds this time on; 100 intervals if left out."
        )
        return {**super().get_fields(), "from": begin}


class CandleSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField(
        help_text="The candle's interval begins then; whole intervals since midnight UTC."
    )
    open = serializers.IntegerField(help_text="Units: the outcome's price after the interval's first trade.")
    high = serializers.IntegerField()
    low = serializers.IntegerField()
    close = serializers.IntegerField(help_text="Units: the price after the last trade.")
    average_price = serializers.CharField(
        allow_null=True, help_text="What was paid per contract, units with four decimals; null without trades."
    )
    volume = serializers.IntegerField(help_text="Contracts.")
    value = serializers.IntegerField(help_text="Units paid for them.")
    trades = serializers.IntegerField()


class CandlesSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    outcome = serializers.IntegerField()
    interval = serializers.ChoiceField(choices=list(INTERVALS))
    candles = CandleSerializer(many=True, help_text="Oldest first.")


@extend_schema(tags=["market data"], auth=PUBLIC_AUTH)
class PricesView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}

    @extend_schema(
        operation_id="market_prices",
        parameters=[CandleFilters, *TAGGED],
        responses=failing(
            {200: CandlesSerializer, **NOT_MODIFIED},
            errors.MarketNotFound,
            TooManyCandles,
            InvalidSpan,
            errors.NoSuchOutcome,
        ),
        description=(
            "Price history of one outcome as candles, from its own trades; with two outcomes both are in all trades. "
            f"At most {MAX_CANDLES:,} candles."
        ),
    )
    def get(self, request: Request, market_id: UUID) -> HttpResponse:
        filters = query_of(CandleFilters, request)
        market = glance(request.user, market_id)
        outcome, name = filters["outcome"], filters["interval"]
        if outcome >= market.outcomes:
            raise errors.NoSuchOutcome(outcomes=market.outcomes)
        now = clock.now()
        span = Span.of(INTERVALS[name], filters.get("from"), filters.get("to"), now=now)
        fill = filters["fill"] == "last"

        def render() -> Representation:
            found = candles(market_id, outcome=outcome, outcomes=market.outcomes, span=span, fill=fill)
            body = dump(_body(market_id, outcome, name, found))
            return Representation(body, market.stamp, tag_of(body))

        found = KEPT.find_or_render(
            ("prices", market_id, outcome, name, span, fill), market.stamp, now=now, render=render
        )
        return conditional_response(request, found.tag, lambda: found.body)


def _body(market_id: UUID, outcome: int, interval: str, found: Iterable[Candle]) -> dict[str, object]:
    return {
        "market": str(market_id),
        "outcome": outcome,
        "interval": interval,
        "candles": [
            {**asdict(candle), "average_price": average_price(candle.value, candle.volume)} for candle in found
        ],
    }

"""`/api/v1/markets/{id}/book` and `/trades`: what everybody who sees the market may know of it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import PUBLIC, access
from markets.lifecycle.glance import glance
from markets.lifecycle.selectors import market_visible_to
from markets.trading import errors, selectors
from markets.trading.api.kept import KEPT
from markets.trading.api.requests import query_of, valid
from markets.trading.api.shapes import TradeSerializer, price_text, trade_body
from markets.trading.book import MarketBook, OutcomeBook, market_book
from markets.trading.models import Trade
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.json import dump
from opinion_market.api.openapi import NOT_MODIFIED, PUBLIC_AUTH, TAGGED, failing
from opinion_market.api.representations import Representation, conditional_response, tag_of
from opinion_market.kernel import clock

MAX_DEPTH = 500


class BookFilters(serializers.Serializer[Any]):
    depth = serializers.IntegerField(
        default=20, min_value=1, max_value=MAX_DEPTH, help_text="Levels per side and outcome, the best first."
    )


class LevelSerializer(serializers.Serializer[Any]):
    price = serializers.IntegerField(help_text="Units.")
    quantity = serializers.IntegerField(help_text="Contracts of all orders at this price.")
    orders = serializers.IntegerField()


class OutcomeBookSerializer(serializers.Serializer[Any]):
    outcome = serializers.IntegerField()
    last_price = serializers.IntegerField(help_text="Units; the opening price before the first trade.")
    house_price = serializers.CharField(
        allow_null=True, help_text="The house's price now, units with four decimals; null without a house market maker."
    )
    bids = LevelSerializer(many=True, help_text="Highest first.")
    offers = LevelSerializer(many=True, help_text="Lowest first.")


class BookSerializer(serializers.Serializer[Any]):
    market = serializers.UUIDField()
    status = serializers.CharField()
    version = serializers.IntegerField(help_text="The market's last event; the book is as of then.")
    sequence = serializers.IntegerField(help_text="The market's last trade.")
    at = serializers.DateTimeField(help_text="When the book was read. It has not changed since.")
    house_liquidity = serializers.IntegerField(help_text="The house's b, in contracts; 0: there is none.")
    outcomes = OutcomeBookSerializer(many=True)


@extend_schema(tags=["market data"], auth=PUBLIC_AUTH)
class BookView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}

    @extend_schema(
        operation_id="market_book",
        parameters=[BookFilters, *TAGGED],
        responses=failing({200: BookSerializer, **NOT_MODIFIED}, errors.MarketNotFound),
    )
    def get(self, request: Request, market_id: UUID) -> HttpResponse:
        """Resting orders by price, and the house's price.

        A market with two outcomes has one book: both outcomes show it, the second mirrored (a bid for one is an offer of the
        other at 10,000 less its price). The house market maker quotes without levels: its price moves with each contract.
        """
        depth = query_of(BookFilters, request)["depth"]
        stamp = glance(request.user, market_id).stamp
        now = clock.now()
        found = KEPT.find_or_render(
            ("book", market_id, depth), stamp, now=now, render=lambda: _book(market_id, now=now, depth=depth)
        )
        return conditional_response(request, found.tag, lambda: found.body)


def _book(market_id: UUID, *, now: datetime, depth: int) -> Representation:
    book = market_book(market_id, now=now, depth=depth)
    body = book_body(book)
    # When it was read says nothing of the book, so it does not count for the tag.
    return Representation(dump({**body, "at": now}), book.stamp, tag_of(dump(body)), book.next_expiry)


def book_body(book: MarketBook) -> dict[str, object]:
    """A book as it is answered, but for the time it was read."""
    prices = book.house_prices
    return {
        "market": str(book.market_id),
        "status": book.status,
        "version": book.version,
        "sequence": book.sequence,
        "house_liquidity": book.house_liquidity,
        "outcomes": [_outcome_body(outcome, prices[outcome.outcome] if prices else None) for outcome in book.outcomes],
    }


def _outcome_body(book: OutcomeBook, house_price: float | None) -> dict[str, object]:
    return {
        "outcome": book.outcome,
        "last_price": book.last_price,
        "house_price": price_text(house_price) if house_price is not None else None,
        "bids": [asdict(level) for level in book.bids],
        "offers": [asdict(level) for level in book.offers],
    }


class TradeFilters(serializers.Serializer[Any]):
    order = serializers.ChoiceField(choices=["newest", "oldest"], default="newest", help_text="Which come first.")
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="Only trades after this sequence."
    )
    outcome = serializers.IntegerField(required=False, min_value=0, max_value=32_767, help_text="Only in this book.")


@extend_schema(tags=["market data"], auth=PUBLIC_AUTH)
class TradeViewSet(GenericViewSet[Trade]):
    permissions_required: ClassVar[dict[str, str]] = {"list": PUBLIC}
    serializer_class = TradeSerializer
    queryset = Trade.objects.none()
    filter_backends = ()
    ordering: tuple[str, ...] = ("-sequence",)

    @extend_schema(
        operation_id="market_trades",
        parameters=[TradeFilters],
        responses=failing({200: TradeSerializer(many=True)}, errors.MarketNotFound, InvalidCursor),
    )
    def list(self, request: Request, market_id: UUID) -> Response:
        """The market's trades by sequence, which has no gaps. Nobody is named."""
        filters = valid(TradeFilters, request.query_params)
        market_visible_to(access(request), market_id)
        self.ordering = ("sequence",) if filters["order"] == "oldest" else ("-sequence",)
        found = selectors.trades_in(market_id)
        if "after" in filters:
            found = found.filter(sequence__gt=filters["after"])
        if "outcome" in filters:
            found = found.filter(outcome=filters["outcome"])
        return self.get_paginated_response([trade_body(trade) for trade in self.paginate_queryset(found) or ()])

"""`/api/v1/markets/{id}/events`: the market's stream."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import PUBLIC, access
from markets.lifecycle.selectors import market_visible_to
from markets.trading import errors
from markets.trading.api.requests import valid
from markets.trading.memory import stream_of
from markets.trading.public_events import public_data
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.eventstore import selectors as eventstore
from opinion_market.eventstore.upcasting import upcast

READ_OTHERS_ORDERS = "orders.read"


class EventFilters(serializers.Serializer[Any]):
    order = serializers.ChoiceField(choices=["oldest", "newest"], default="oldest", help_text="Which come first.")
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="Only events after this version."
    )
    type = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=20, help_text="May be repeated."
    )


class MarketEventSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="1, 2, 3 … without gaps within the market.")
    type = serializers.CharField()
    schema_version = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field, which the metaclass takes off the class
    metadata = serializers.DictField(
        allow_null=True, help_text="Who and why; for those who hold orders.read, else null."
    )
    hash = serializers.CharField(allow_null=True, help_text="For those who hold orders.read, else null.")


@extend_schema(tags=["market data"], auth=PUBLIC_AUTH)
class EventViewSet(GenericViewSet[Any]):
    permissions_required: ClassVar[dict[str, str]] = {"list": PUBLIC}
    serializer_class = MarketEventSerializer
    filter_backends = ()
    ordering: tuple[str, ...] = ("version",)

    @extend_schema(
        operation_id="market_events",
        parameters=[EventFilters],
        responses=failing({200: MarketEventSerializer(many=True)}, errors.MarketNotFound, InvalidCursor),
    )
    def list(self, request: Request, market_id: UUID) -> Response:
        """The market's stream: all that happened to it, in order, from which its book can be rebuilt.

        Accounts, people and hashes are left out unless you hold orders.read in the market's organization.
        """
        filters = valid(EventFilters, request.query_params)
        held = access(request)
        market = market_visible_to(held, market_id)
        self.ordering = ("version",) if filters["order"] == "oldest" else ("-version",)
        found = eventstore.events(organizations=None, stream=stream_of(str(market_id)), types=filters.get("type", ()))
        if "after" in filters:
            found = found.filter(version__gt=filters["after"])
        shows_all = held.has(READ_OTHERS_ORDERS, market.organization_id)
        page = self.paginate_queryset(found) or ()
        return self.get_paginated_response([_event_body(event, shows_all=shows_all) for event in page])


def _event_body(event: Any, *, shows_all: bool) -> dict[str, object]:
    schema_version, data = upcast(event.type, event.schema_version, event.data)
    return {
        "version": event.version,
        "type": event.type,
        "schema_version": schema_version,
        "recorded_at": event.recorded_at,
        "data": data if shows_all else public_data(event.type, data),
        "metadata": event.metadata if shows_all else None,
        "hash": bytes(event.hash).hex() if shows_all else None,
    }

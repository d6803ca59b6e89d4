"""Every address of the product, and the view that orders over HTTP are measured against."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from governance.access.drf import MEMBER
from markets.trading.api.order_input import OrderInput
from markets.trading.api.orders import MarketOrdersViewSet
from markets.trading.api.requests import json_response, valid
from opinion_market import urls as product


class EmptyOrderViewSet(MarketOrdersViewSet):
    """Authenticates, authorises, parses and validates as the real one does, and answers without placing anything."""

    permissions_required: ClassVar[dict[str, str]] = {"create": MEMBER}
    schema = None

    def create(self, request: Request, market_id: UUID) -> HttpResponse:
        """Nothing."""
        valid(OrderInput, request.data)
        return json_response({}, status=201)


urlpatterns = [
    path("bench/markets/<uuid:market_id>/orders", EmptyOrderViewSet.as_view({"post": "create"})),
    *product.urlpatterns,
]
handler400, handler403, handler404, handler500 = (
    product.handler400,
    product.handler403,
    product.handler404,
    product.handler500,
)

"""`/api/v1/markets/{id}/dossier`: a market's whole story, with the proof of its payouts computed on the spot."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from governance.access.drf import PUBLIC, access
from governance.identity.models import User
from markets.lifecycle.api.dossier_shapes import DossierSerializer
from markets.lifecycle.resolution.dossier import dossier
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.requests import json_response
from markets.trading.errors import MarketNotFound
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock

SEE_PEOPLE = "markets.read"


class DossierThrottle(SimpleRateThrottle):
    """Each dossier replays a stream, which may take two seconds; so a reader gets so many a minute.

    Fails open: who cannot be counted is answered.
    """

    scope = "dossier"

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            return True

    def get_cache_key(self, request: Request, view: APIView) -> str:
        reader = str(request.user.pk) if isinstance(request.user, User) else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": reader}


def _document(request: Request, market_id: UUID) -> dict[str, Any]:
    held = access(request)
    reader = request.user if isinstance(request.user, User) else None
    market = market_visible_to(held, market_id)
    shows_people = held.has(SEE_PEOPLE, market.organization_id)
    return dossier(market=market, reader=reader, shows_people=shows_people, now=clock.now())


@extend_schema(tags=["dossier"], auth=PUBLIC_AUTH)
class DossierView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}
    throttle_classes = (DossierThrottle,)

    @extend_schema(operation_id="market_dossier", responses=failing({200: DossierSerializer}, MarketNotFound))
    def get(self, request: Request, market_id: UUID) -> HttpResponse:
        """Criteria with their hash, proposals, evidence, disputes, who decided and what they held, every payout, the proof.

        The stream is replayed from its first event for it. Accounts and people are shown by aliases that mean nothing in
        other markets; those who hold markets.read in the market's organization also see names.
        """
        return json_response(_document(request, market_id))


@extend_schema(tags=["dossier"], auth=PUBLIC_AUTH)
class DossierFileView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}
    throttle_classes = (DossierThrottle,)

    @extend_schema(operation_id="market_dossier_download", responses=failing({200: DossierSerializer}, MarketNotFound))
    def get(self, request: Request, market_id: UUID) -> HttpResponse:
        """The dossier as a file to keep."""
        response = json_response(_document(request, market_id))
        response["Content-Disposition"] = f'attachment; filename="dossier-{market_id}.json"'
        return response

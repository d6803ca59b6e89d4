"""`/api/v1/event-sourcing/seals`, `/keys` and `/events/{id}/proof`: what proves the events to whoever does not trust us.

Seals and public keys hold no event and are no tenant's: whoever is signed in reads the seals, and anybody the keys. An event's
proof shows the event, so it takes `system.audit` in the event's organization, like the events themselves.
"""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, PUBLIC
from governance.audit import proofs_serializers as shapes
from governance.audit.event_sourcing_api import AUDIT, audited_organizations
from opinion_market.api.problems import MEDIA_TYPE
from opinion_market.eventstore import proofs, selectors
from opinion_market.eventstore.errors import EventNotFound, NotSealedYet, SealNotFound
from opinion_market.eventstore.models import Seal, SealKey
from opinion_market.eventstore.seal_keys import signing_key

LARGEST = 2**63 - 1
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def _failing(*errors: type[EventNotFound] | type[NotSealedYet] | type[SealNotFound]) -> dict[Any, Any]:
    return {
        (error.status, MEDIA_TYPE): OpenApiResponse(response=_PROBLEM, description=f"- `{error.code}`: {error.title}")
        for error in errors
    }


@extend_schema(tags=["event-sourcing"])
class SealViewSet(GenericViewSet[Any]):
    permissions_required: ClassVar[dict[str, str]] = {"list": AUTHENTICATED, "retrieve": AUTHENTICATED}
    serializer_class = shapes.SealSerializer
    filter_backends = ()
    ordering = ("-number",)

    @extend_schema(operation_id="event_sourcing_seals_list", responses=shapes.SealSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The seals, newest first: every hour a signed Merkle root over the new events, chained to the seal before."""
        seals = Seal.objects.select_related("key").defer("blocks")
        page = self.paginate_queryset(seals) or ()
        return self.get_paginated_response([proofs.seal_document(seal) for seal in page])

    @extend_schema(
        operation_id="event_sourcing_seals_retrieve",
        parameters=[OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={200: shapes.SealSerializer, **_failing(SealNotFound)},
    )
    def retrieve(self, request: Request, number: int) -> Response:
        """One seal by its number."""
        number = min(number, LARGEST)
        seal = Seal.objects.filter(pk=number).select_related("key").defer("blocks").first()
        if seal is None:
            raise SealNotFound(number=number)
        return Response(proofs.seal_document(seal))


@extend_schema(tags=["event-sourcing"])
class EventProofView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": AUDIT}

    @extend_schema(
        operation_id="event_sourcing_events_proof",
        parameters=[
            OpenApiParameter("position", OpenApiTypes.INT, OpenApiParameter.PATH, description="The event's position.")
        ],
        responses={200: shapes.EventProofSerializer, **_failing(EventNotFound, NotSealedYet)},
    )
    def get(self, request: Request, position: int) -> Response:
        """The event as it was hashed, and the path from its hash to the root of a signed seal.

        `tools/verify_proof.py` checks the answer offline. Events are sealed every hour; until then the answer is
        `not_sealed_yet`.
        """
        position = min(position, LARGEST)
        selectors.require_readable(organizations=audited_organizations(request), position=position)
        return Response(proofs.event_proof(position))


@extend_schema(tags=["event-sourcing"])
class KeysView(APIView):
    permissions_required: ClassVar[dict[str, str]] = {"get": PUBLIC}

    @extend_schema(operation_id="event_sourcing_keys", responses=shapes.KeysSerializer, auth=[])
    def get(self, request: Request) -> Response:
        """The public keys that signed seals and statements, oldest first. Keep the present one to check proofs with."""
        present = signing_key()
        known = [
            {
                "key_id": key.pk,
                "public_key": bytes(key.public_key).hex(),
                "algorithm": "Ed25519",
                "introduced_at": key.introduced_at,
                "present": key.pk == present.id,
            }
            for key in SealKey.objects.all()
        ]
        if not any(key["present"] for key in known):
            unused = {"key_id": present.id, "public_key": present.public_key.hex(), "algorithm": "Ed25519"}
            known.append({**unused, "introduced_at": None, "present": True})
        return Response(shapes.KeysSerializer({"keys": known}).data)

"""`/api/v1/markets/{id}/evidence`: adding files and links, and reading them."""

from typing import ClassVar
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import MEMBER, PUBLIC, access, signed_in_user
from governance.identity.errors import ScopeTooNarrow
from governance.identity.models import User
from markets.lifecycle.api.judging_shapes import EvidenceSerializer, FileInput, LinkInput, evidence_body
from markets.lifecycle.resolution import evidence
from markets.lifecycle.resolution.errors import EvidenceNotFound, EvidenceRefused, TooMuchEvidence
from markets.lifecycle.resolution.models import Evidence
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.requests import valid
from markets.trading.errors import MarketNotFound, NotAMember
from opinion_market.api.errors import InvalidCursor
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

# Room for the boundaries and headers of a multipart body around the file.
_MAX_BODY_BYTES = evidence.MAX_BYTES + 64 * 1024


@extend_schema(tags=["evidence"])
class EvidenceViewSet(IdempotentMixin, GenericViewSet[Evidence]):
    """What has been given for a market's proposals, disputes and corrections, and your own pieces that wait."""

    permissions_required: ClassVar[dict[str, str]] = {"list": PUBLIC, "add_link": MEMBER}
    required_scope = "trade"
    serializer_class = EvidenceSerializer
    queryset = Evidence.objects.none()
    filter_backends = ()
    ordering: tuple[str, ...] = ("added_at", "id")

    @extend_schema(
        operation_id="market_evidence",
        responses=failing({200: EvidenceSerializer(many=True)}, MarketNotFound, InvalidCursor),
        auth=PUBLIC_AUTH,
    )
    def list(self, request: Request, market_id: UUID) -> Response:
        """The market's evidence, oldest first."""
        held = access(request)
        market = market_visible_to(held, market_id)
        page = self.paginate_queryset(evidence.evidence_visible_to(held, _user(request), market)) or ()
        return self.get_paginated_response([evidence_body(piece) for piece in page])

    @extend_schema(
        operation_id="market_evidence_add_link",
        request=LinkInput,
        responses=failing(
            {201: EvidenceSerializer},
            MarketNotFound,
            NotAMember,
            ScopeTooNarrow,
            EvidenceRefused,
            TooMuchEvidence,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
        ),
    )
    @idempotent
    def add_link(self, request: Request, market_id: UUID) -> Response:
        """Add a link. It waits, a day at most, until you give its id with a resolution, dispute or correction."""
        wanted = valid(LinkInput, request.data)
        market = market_visible_to(access(request), market_id)
        piece = evidence.add_link(actor=signed_in_user(request), market=market, now=clock.now(), **wanted)
        return Response(evidence_body(piece), status=201)


@extend_schema(tags=["evidence"])
class EvidenceFileViewSet(GenericViewSet[Evidence]):
    """Files, which no address leads to but these."""

    permissions_required: ClassVar[dict[str, str]] = {"add_file": MEMBER, "content": PUBLIC}
    required_scope = "trade"
    serializer_class = EvidenceSerializer
    queryset = Evidence.objects.none()
    parser_classes = (MultiPartParser,)
    filter_backends = ()
    pagination_class = None

    @extend_schema(
        operation_id="market_evidence_add_file",
        request={"multipart/form-data": FileInput},
        responses=failing(
            {201: EvidenceSerializer}, MarketNotFound, NotAMember, ScopeTooNarrow, EvidenceRefused, TooMuchEvidence
        ),
    )
    def add_file(self, request: Request, market_id: UUID) -> Response:
        """Add a file. It waits, a day at most, until you give its id with a resolution, dispute or correction.

        What it is its contents say, not its name or the type you send. The same bytes again are the same evidence, so
        repeating the request does no harm.
        """
        market = market_visible_to(access(request), market_id)
        # Before the body is read: a longer one is not even received.
        if int(request.META.get("CONTENT_LENGTH") or 0) > _MAX_BODY_BYTES:
            raise EvidenceRefused(f"A file has 1 to {evidence.MAX_BYTES} bytes.", maximum_bytes=evidence.MAX_BYTES)
        file = valid(FileInput, request.data)["file"]
        piece = evidence.add_file(
            actor=signed_in_user(request), market=market, name=file.name, file=file, now=clock.now()
        )
        return Response(evidence_body(piece), status=201)

    @extend_schema(
        operation_id="market_evidence_content",
        responses=failing(
            {(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The file, as it was added.")},
            MarketNotFound,
            EvidenceNotFound,
        ),
        auth=PUBLIC_AUTH,
    )
    def content(self, request: Request, market_id: UUID, evidence_id: UUID) -> HttpResponseBase:
        """A file of the evidence, always as an attachment. Its SHA-256 stands in the market's events."""
        held = access(request)
        market = market_visible_to(held, market_id)
        piece = evidence.evidence_piece(held, _user(request), market, evidence_id)
        if piece.kind != Evidence.Kind.FILE:
            raise EvidenceNotFound("A link has no content here.", evidence=str(evidence_id))
        # Never as what a browser would show: whoever wrote it is not to act in the reader's session.
        response = FileResponse(
            piece.file.open("rb"), as_attachment=True, filename=piece.name, content_type="application/octet-stream"
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = "private, no-store"
        return response


def _user(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None

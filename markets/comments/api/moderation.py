"""`/api/v1/markets/{id}/comments/{id}/...`: reporting a comment, and what staff decide about it."""

from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, signed_in_user
from governance.access.errors import PermissionMissing
from governance.identity.models import User
from markets.comments import errors, services
from markets.comments.api.comments import shown
from markets.comments.api.shapes import CommentReasonInput, CommentSerializer
from markets.comments.models import Comment
from markets.comments.selectors import MODERATE
from markets.lifecycle.errors import ReasonRequired
from markets.trading.api.requests import valid
from markets.trading.errors import MarketNotFound
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import Responses, failing
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey


class Decision(Protocol):
    """A service that decides about a comment, for a reason."""

    def __call__(self, *, actor: User, market_id: UUID, comment_id: UUID, reason: str, now: datetime) -> Comment: ...


def _answers(*refusals: type[DomainError]) -> Responses:
    return failing(
        {200: CommentSerializer},
        MarketNotFound,
        errors.CommentNotFound,
        IdempotencyKeyReused,
        InvalidIdempotencyKey,
        *refusals,
    )


@extend_schema(tags=["comments"], request=CommentReasonInput)
class ModerationViewSet(IdempotentMixin, GenericViewSet[Comment]):
    permissions_required: ClassVar[dict[str, str]] = {
        "report": AUTHENTICATED,
        "hide": MODERATE,
        "unhide": MODERATE,
        "keep": MODERATE,
    }
    serializer_class = CommentSerializer
    queryset = Comment.objects.none()
    filter_backends = ()

    @extend_schema(operation_id="comments_report", responses=_answers(errors.CommentGone))
    @idempotent
    def report(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """Ask staff to look at a comment. One report per person; a repetition changes nothing."""
        return self._decide(request, market_id, comment_id, services.report_comment)

    @extend_schema(
        operation_id="comments_hide", responses=_answers(PermissionMissing, ReasonRequired, errors.CommentGone)
    )
    @idempotent
    def hide(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """Hide a comment from everybody but its author, who is told the reason, and those who moderate."""
        return self._decide(request, market_id, comment_id, services.hide_comment)

    @extend_schema(
        operation_id="comments_unhide", responses=_answers(PermissionMissing, ReasonRequired, errors.CommentNotHidden)
    )
    @idempotent
    def unhide(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """Show a hidden comment again."""
        return self._decide(request, market_id, comment_id, services.unhide_comment)

    @extend_schema(operation_id="comments_keep", responses=_answers(PermissionMissing, ReasonRequired))
    @idempotent
    def keep(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """Leave a reported comment as it is; its reports are decided."""
        return self._decide(request, market_id, comment_id, services.keep_comment)

    def _decide(self, request: Request, market_id: UUID, comment_id: UUID, decision: Decision) -> Response:
        decided = decision(
            actor=signed_in_user(request),
            market_id=market_id,
            comment_id=comment_id,
            reason=valid(CommentReasonInput, request.data)["reason"],
            now=clock.now(),
        )
        return Response(shown(request, decided.market, decided))

"""`/api/v1/markets/{id}/comments`: reading and writing about a market."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from governance.access.drf import AUTHENTICATED, PUBLIC, access, signed_in_user
from governance.identity.models import User
from markets.comments import errors, selectors, services
from markets.comments.api.shapes import CommentEdit, CommentInput, CommentSerializer, comment_body
from markets.comments.models import Comment
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import market_visible_to
from markets.trading.api.requests import valid
from markets.trading.errors import MarketNotFound
from opinion_market.api.errors import InvalidCursor, TooManyRequests
from opinion_market.api.idempotency import IdempotentMixin, idempotent
from opinion_market.api.openapi import PUBLIC_AUTH, failing
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import IdempotencyKeyReused, InvalidIdempotencyKey

ORDERINGS: dict[str, tuple[str, ...]] = {"newest": ("-id",), "oldest": ("id",)}


class CommentFilters(serializers.Serializer[Any]):
    parent = serializers.UUIDField(  # type: ignore[assignment]  # a field, which the metaclass takes off the class
        required=False, help_text="The answers to this comment; without it, the comments."
    )
    order = serializers.ChoiceField(choices=list(ORDERINGS), default="newest", help_text="Which come first.")


def shown(request: Request, market: Market, comment: Comment) -> dict[str, object]:
    """The comment as the caller may see it."""
    reader = request.user if isinstance(request.user, User) else None
    moderates = access(request).has(selectors.MODERATE, market.organization_id)
    return comment_body(comment, reader=reader, moderates=moderates, now=clock.now())


@extend_schema(tags=["comments"])
class CommentViewSet(IdempotentMixin, GenericViewSet[Comment]):
    permissions_required: ClassVar[dict[str, str]] = {
        "list": PUBLIC,
        "retrieve": PUBLIC,
        "create": AUTHENTICATED,
        "partial_update": AUTHENTICATED,
        "destroy": AUTHENTICATED,
    }
    serializer_class = CommentSerializer
    queryset = Comment.objects.none()
    filter_backends = ()
    ordering: tuple[str, ...] = ORDERINGS["newest"]

    @extend_schema(
        operation_id="comments_list",
        parameters=[CommentFilters],
        responses=failing({200: CommentSerializer(many=True)}, MarketNotFound, errors.CommentNotFound, InvalidCursor),
        auth=PUBLIC_AUTH,
    )
    def list(self, request: Request, market_id: UUID) -> Response:
        """What is said about a market you may see, or the answers to one comment."""
        filters = valid(CommentFilters, request.query_params)
        market = market_visible_to(access(request), market_id)
        self.ordering = ORDERINGS[filters["order"]]
        page = self.paginate_queryset(selectors.comments_on(market, parent_id=filters.get("parent")))
        return self.get_paginated_response([shown(request, market, comment) for comment in page or ()])

    @extend_schema(
        operation_id="comments_retrieve",
        responses=failing({200: CommentSerializer}, MarketNotFound, errors.CommentNotFound),
        auth=PUBLIC_AUTH,
    )
    def retrieve(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """One comment."""
        return Response(shown(request, *selectors.visible_comment(access(request), market_id, comment_id)))

    @extend_schema(
        operation_id="comments_create",
        request=CommentInput,
        responses=failing(
            {201: CommentSerializer},
            MarketNotFound,
            errors.OnlyMembersComment,
            errors.CommentNotFound,
            errors.AnswerTooDeep,
            errors.CommentGone,
            TooManyRequests,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
        ),
    )
    @idempotent
    def create(self, request: Request, market_id: UUID) -> Response:
        """Write about a market of your organization: at most 5 comments a minute and 60 an hour."""
        wanted = valid(CommentInput, request.data)
        posted = services.post_comment(
            actor=signed_in_user(request),
            market_id=market_id,
            text=wanted["text"],
            parent_id=wanted["parent"],
            now=clock.now(),
        )
        return Response(shown(request, posted.market, posted), status=201)

    @extend_schema(
        operation_id="comments_edit",
        request=CommentEdit,
        responses=failing(
            {200: CommentSerializer},
            MarketNotFound,
            errors.OnlyMembersComment,
            errors.CommentNotFound,
            errors.NotTheAuthor,
            errors.CommentGone,
            errors.EditWindowOver,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
        ),
    )
    @idempotent
    def partial_update(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """Replace your own text, within 15 minutes."""
        edited = services.edit_comment(
            actor=signed_in_user(request),
            market_id=market_id,
            comment_id=comment_id,
            text=valid(CommentEdit, request.data)["text"],
            now=clock.now(),
        )
        return Response(shown(request, edited.market, edited))

    @extend_schema(
        operation_id="comments_delete",
        responses=failing(
            {200: CommentSerializer},
            MarketNotFound,
            errors.CommentNotFound,
            errors.NotTheAuthor,
            IdempotencyKeyReused,
            InvalidIdempotencyKey,
        ),
    )
    @idempotent
    def destroy(self, request: Request, market_id: UUID, comment_id: UUID) -> Response:
        """Take your own comment back. Its place stays, so that answers keep theirs; its text is shown no more."""
        deleted = services.delete_comment(
            actor=signed_in_user(request), market_id=market_id, comment_id=comment_id, now=clock.now()
        )
        return Response(shown(request, deleted.market, deleted))

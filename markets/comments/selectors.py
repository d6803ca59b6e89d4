"""Reading comments. Whoever reads a market reads what is said about it."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from governance.access.policies import Access
from governance.identity.models import User
from markets.comments.errors import CommentNotFound
from markets.comments.models import Comment
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import market_visible_to

MODERATE = "markets.update"


def comments_on(market: Market, *, parent_id: UUID | None) -> QuerySet[Comment]:
    """The market's comments, or the answers to one of them. Raises CommentNotFound."""
    found = Comment.objects.filter(market=market, parent=parent_id).select_related("author")
    if parent_id is not None and not Comment.objects.filter(market=market, pk=parent_id).exists():
        raise CommentNotFound(comment=str(parent_id))
    return found


def comment_on(market: Market, comment_id: UUID) -> Comment:
    """One comment with its author. Raises CommentNotFound."""
    found = Comment.objects.filter(market=market, pk=comment_id).select_related("author").first()
    if found is None:
        raise CommentNotFound(comment=str(comment_id))
    return found


def visible_comment(access: Access, market_id: UUID, comment_id: UUID) -> tuple[Market, Comment]:
    """A comment on a market that the caller may see. Raises MarketNotFound, CommentNotFound."""
    market = market_visible_to(access, market_id)
    return market, comment_on(market, comment_id)


def reported_comments(organizations: Collection[UUID] | None) -> QuerySet[Comment]:
    """Comments that somebody has reported and nobody has decided on. `organizations`: None sees everything."""
    found = Comment.objects.filter(reports_count__gt=0)
    return found if organizations is None else found.filter(market__organization__in=organizations)


def shows_text(comment: Comment, *, reader: User | None, moderates: bool) -> bool:
    """Deleted text is shown to nobody, hidden text to its author and to those who moderate."""
    if comment.deleted_at is not None:
        return False
    return comment.hidden_at is None or moderates or (reader is not None and comment.author_id == reader.pk)

"""Writing comments and moderating them. Each change is an event that carries ids only: the text stays in its row."""

from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db import transaction
from django.db.models import F

from governance.access.policies import access_of, is_member, require
from governance.audit.deeds import record_deed
from governance.identity.models import User
from markets.comments.errors import (
    AnswerTooDeep,
    CommentGone,
    CommentNotFound,
    CommentNotHidden,
    EditWindowOver,
    NotTheAuthor,
    OnlyMembersComment,
)
from markets.comments.models import Comment, CommentReport
from markets.comments.selectors import MODERATE
from markets.lifecycle.errors import ReasonRequired
from markets.lifecycle.models import Market
from markets.lifecycle.selectors import market_visible_to
from opinion_market.api.errors import TooManyRequests
from opinion_market.eventstore.append import NewEvent, append, metadata

EDITABLE_FOR = timedelta(minutes=15)
# How many comments one person may write within each span, over all markets; deleted ones count.
LIMITS = ((5, timedelta(minutes=1)), (60, timedelta(hours=1)))


@transaction.atomic
def post_comment(*, actor: User, market_id: UUID, text: str, parent_id: UUID | None, now: datetime) -> Comment:
    """Write about a market, or answer a comment on it.

    Locks: the author's row, so that comments written at once are counted. Raises: MarketNotFound, OnlyMembersComment,
    TooManyRequests (`data.wait_s`), CommentNotFound, AnswerTooDeep, CommentGone. Appends: CommentPosted.
    """
    market = _writable(actor, market_id)
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)
    _refuse_flood(actor, now)
    parent = _answerable(market, parent_id) if parent_id is not None else None
    comment = Comment.objects.create(market=market, author=actor, parent=parent, text=text, created_at=now)
    if parent is not None:
        Comment.objects.filter(pk=parent.pk).update(answers_count=F("answers_count") + 1)
    _record("CommentPosted", comment, market, actor, now)
    return comment


@transaction.atomic
def edit_comment(*, actor: User, market_id: UUID, comment_id: UUID, text: str, now: datetime) -> Comment:
    """Replace one's own text, within 15 minutes.

    Locks: the comment. Raises: MarketNotFound, OnlyMembersComment, CommentNotFound, NotTheAuthor, CommentGone,
    EditWindowOver. Appends: CommentEdited.
    """
    market = _writable(actor, market_id)
    comment = _own(actor, market, comment_id)
    _require_shown(comment)
    if now >= comment.created_at + EDITABLE_FOR:
        raise EditWindowOver
    comment.text, comment.edited_at = text, now
    comment.save(update_fields=["text", "edited_at"])
    _record("CommentEdited", comment, market, actor, now)
    return comment


@transaction.atomic
def delete_comment(*, actor: User, market_id: UUID, comment_id: UUID, now: datetime) -> Comment:
    """Take one's own comment back; its place stays, its text is shown to nobody. Twice is once.

    Locks: the comment. Raises: MarketNotFound, CommentNotFound, NotTheAuthor. Appends: CommentDeleted.
    """
    market = market_visible_to(access_of(actor), market_id)
    comment = _own(actor, market, comment_id)
    if comment.deleted_at is None:
        comment.deleted_at = now
        comment.save(update_fields=["deleted_at"])
        _record("CommentDeleted", comment, market, actor, now)
    return comment


@transaction.atomic
def report_comment(*, actor: User, market_id: UUID, comment_id: UUID, reason: str, now: datetime) -> Comment:
    """Ask staff to look at a comment; one report per person, a repetition changes nothing.

    Locks: the comment. Raises: MarketNotFound, CommentNotFound, CommentGone. Appends: CommentReported.
    """
    market = market_visible_to(access_of(actor), market_id)
    comment = _locked(market, comment_id)
    _require_shown(comment)
    _, is_new = CommentReport.objects.get_or_create(
        comment=comment, reporter=actor, defaults={"reason": reason, "reported_at": now}
    )
    if is_new:
        comment.reports_count += 1
        comment.save(update_fields=["reports_count"])
        _record("CommentReported", comment, market, actor, now)
    return comment


@transaction.atomic
def hide_comment(*, actor: User, market_id: UUID, comment_id: UUID, reason: str, now: datetime) -> Comment:
    """Hide a comment from everybody but its author and those who moderate; decides its reports.

    Locks: the comment. Raises: MarketNotFound, PermissionMissing, ReasonRequired, CommentNotFound, CommentGone.
    Appends: CommentHidden; the audit trail keeps the reason.
    """
    market, comment = _moderated(actor, market_id, comment_id, reason)
    if comment.hidden_at is not None:
        raise CommentGone
    comment.hidden_at, comment.hidden_by, comment.hidden_reason = now, actor, reason
    _decide(comment, now)
    _tell("CommentHidden", "hide comment", comment, market, actor, reason, now)
    return comment


@transaction.atomic
def unhide_comment(*, actor: User, market_id: UUID, comment_id: UUID, reason: str, now: datetime) -> Comment:
    """Show a hidden comment again.

    Locks: the comment. Raises: MarketNotFound, PermissionMissing, ReasonRequired, CommentNotFound, CommentNotHidden.
    Appends: CommentUnhidden; the audit trail keeps the reason.
    """
    market, comment = _moderated(actor, market_id, comment_id, reason)
    if comment.hidden_at is None:
        raise CommentNotHidden
    comment.hidden_at, comment.hidden_by, comment.hidden_reason = None, None, ""
    _decide(comment, now)
    _tell("CommentUnhidden", "unhide comment", comment, market, actor, reason, now)
    return comment


@transaction.atomic
def keep_comment(*, actor: User, market_id: UUID, comment_id: UUID, reason: str, now: datetime) -> Comment:
    """Leave a reported comment as it is, which decides its reports.

    Locks: the comment. Raises: MarketNotFound, PermissionMissing, ReasonRequired, CommentNotFound.
    Appends: CommentKept; the audit trail keeps the reason.
    """
    market, comment = _moderated(actor, market_id, comment_id, reason)
    _decide(comment, now)
    _tell("CommentKept", "keep comment", comment, market, actor, reason, now)
    return comment


def _writable(actor: User, market_id: UUID) -> Market:
    market = market_visible_to(access_of(actor), market_id)
    if not is_member(actor, market.organization_id):
        raise OnlyMembersComment
    return market


def _refuse_flood(actor: User, now: datetime) -> None:
    for most, span in LIMITS:
        recent = Comment.objects.filter(author=actor, created_at__gt=now - span).order_by("-created_at")
        times = list(recent.values_list("created_at", flat=True)[:most])
        if len(times) == most:
            raise TooManyRequests(wait_s=max(1, ceil((times[-1] + span - now).total_seconds())))


def _answerable(market: Market, parent_id: UUID) -> Comment:
    parent = Comment.objects.filter(market=market, pk=parent_id).first()
    if parent is None:
        raise CommentNotFound(comment=str(parent_id))
    if parent.parent_id is not None:
        raise AnswerTooDeep(comment=str(parent.parent_id))
    _require_shown(parent)
    return parent


def _locked(market: Market, comment_id: UUID) -> Comment:
    locked = Comment.objects.select_for_update(of=("self",), no_key=True).select_related("author")
    comment = locked.filter(market=market, pk=comment_id).first()
    if comment is None:
        raise CommentNotFound(comment=str(comment_id))
    return comment


def _own(actor: User, market: Market, comment_id: UUID) -> Comment:
    comment = _locked(market, comment_id)
    if comment.author_id != actor.pk:
        raise NotTheAuthor
    return comment


def _moderated(actor: User, market_id: UUID, comment_id: UUID, reason: str) -> tuple[Market, Comment]:
    market = market_visible_to(access_of(actor), market_id)
    require(actor, MODERATE, market.organization_id)
    if not reason.strip():
        raise ReasonRequired
    return market, _locked(market, comment_id)


def _require_shown(comment: Comment) -> None:
    if comment.deleted_at is not None or comment.hidden_at is not None:
        raise CommentGone


def _decide(comment: Comment, now: datetime) -> None:
    comment.reports_count = 0
    comment.save(update_fields=["hidden_at", "hidden_by", "hidden_reason", "reports_count"])
    CommentReport.objects.filter(comment=comment, decided_at=None).update(decided_at=now)


def _tell(type: str, deed: str, comment: Comment, market: Market, actor: User, reason: str, now: datetime) -> None:
    record_deed(actor=actor, target=comment, organization_id=market.organization_id, deed=deed, reason=reason)
    _record(type, comment, market, actor, now)


def _record(type: str, comment: Comment, market: Market, actor: User, now: datetime) -> None:
    """A stream per comment: people who write at once do not wait for one another."""
    data = {
        "comment": str(comment.pk),
        "market": str(market.pk),
        "parent": str(comment.parent_id) if comment.parent_id is not None else None,
    }
    event = NewEvent(type, data, now, metadata=metadata(actor=str(actor.pk), organization=str(market.organization_id)))
    append(stream=f"comment-{comment.pk}", expected_version=None, events=[event])

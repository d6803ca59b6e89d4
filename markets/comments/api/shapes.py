"""What the comments endpoints take and answer."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from governance.identity.models import User
from markets.comments.models import LONGEST_REASON, LONGEST_TEXT, Comment
from markets.comments.selectors import shows_text
from markets.comments.services import EDITABLE_FOR
from opinion_market.api.serializers import InputSerializer, StrictTextField

COMMENT_STATES = [("shown", "Shown"), ("hidden", "Hidden"), ("deleted", "Deleted")]


@extend_schema_serializer(
    examples=[OpenApiExample("A remark", value={"text": "The gauge was moved in May."}, request_only=True)]
)
class CommentInput(InputSerializer):
    text = StrictTextField(max_length=LONGEST_TEXT, help_text="Plain text; markup is shown as it is written.")
    parent = serializers.UUIDField(  # type: ignore[assignment]  # a field, which the metaclass takes off the class
        required=False, allow_null=True, default=None, help_text="The comment that is answered."
    )


@extend_schema_serializer(
    examples=[OpenApiExample("Another wording", value={"text": "The gauge was moved in June."}, request_only=True)]
)
class CommentEdit(InputSerializer):
    text = StrictTextField(max_length=LONGEST_TEXT)


@extend_schema_serializer(examples=[OpenApiExample("Why", value={"reason": "It is an insult."}, request_only=True)])
class CommentReasonInput(InputSerializer):
    reason = StrictTextField(max_length=LONGEST_REASON, min_length=3)


class CommentSerializer(serializers.Serializer[Any]):
    """A comment. What its author deleted, and for most readers what staff have hidden, has an empty text."""

    id = serializers.UUIDField()
    market = serializers.UUIDField()
    parent = serializers.UUIDField(  # type: ignore[assignment]  # a field, which the metaclass takes off the class
        allow_null=True, help_text="The comment it answers."
    )
    state = serializers.ChoiceField(choices=COMMENT_STATES)
    author = serializers.CharField(help_text="The name its author goes by; empty once deleted.")
    is_own = serializers.BooleanField()
    text = serializers.CharField()
    answers = serializers.IntegerField(help_text="How many; read them with ?parent=.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    editable_until = serializers.DateTimeField(allow_null=True, help_text="For its author, while it can be edited.")
    hidden_reason = serializers.CharField(help_text="For its author and those who hold markets.update; else empty.")
    open_reports = serializers.IntegerField(
        allow_null=True, help_text="Undecided reports, for those who hold markets.update; else null."
    )


def comment_body(comment: Comment, *, reader: User | None, moderates: bool, now: datetime) -> dict[str, object]:
    """A comment, read with its author, as this reader may see it."""
    is_own = reader is not None and comment.author_id == reader.pk
    is_shown = comment.deleted_at is None and comment.hidden_at is None
    editable_until = comment.created_at + EDITABLE_FOR
    state = "deleted" if comment.deleted_at is not None else "shown" if is_shown else "hidden"
    return {
        "id": comment.pk,
        "market": comment.market_id,
        "parent": comment.parent_id,
        "state": state,
        "author": str(comment.author) if comment.deleted_at is None else "",
        "is_own": is_own,
        "text": comment.text if shows_text(comment, reader=reader, moderates=moderates) else "",
        "answers": comment.answers_count,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "editable_until": editable_until if is_own and is_shown and now < editable_until else None,
        "hidden_reason": comment.hidden_reason if is_own or moderates else "",
        "open_reports": comment.reports_count if moderates else None,
    }

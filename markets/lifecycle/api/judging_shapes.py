"""What the endpoints about disputes, reviews and corrections take, and how evidence is shown."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.lifecycle.api.shapes import LONGEST_TEXT
from markets.lifecycle.api.step_shapes import PayoutInput
from markets.lifecycle.resolution.evidence import MAX_PIECES
from markets.lifecycle.resolution.models import Evidence
from opinion_market.api.serializers import InputSerializer, StrictTextField

DECISIONS = [("uphold", "Uphold"), ("overturn", "Overturn")]


def _reason() -> StrictTextField:
    return StrictTextField(
        max_length=LONGEST_TEXT, allow_blank=True, default="", help_text="Required; everybody can read it."
    )


@extend_schema_serializer(
    examples=[OpenApiExample("An objection", value={"reason": "The log is of the day before."}, request_only=True)]
)
class DisputeInput(InputSerializer):
    reason = _reason()
    items = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=MAX_PIECES,
        help_text="Ids of evidence added before at `markets/{id}/evidence`.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample("It stands", value={"decision": "uphold", "reason": "The log is right."}, request_only=True),
        OpenApiExample(
            "It falls", value={"decision": "overturn", "outcome": 1, "reason": "Wrong day."}, request_only=True
        ),
    ]
)
class ReviewInput(PayoutInput):
    """`overturn` takes one of `outcome`, `payout` and `value`; `uphold` none."""

    decision = serializers.ChoiceField(choices=DECISIONS)
    reason = _reason()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["decision"] == "overturn":
            return super().validate(attrs)
        if {"outcome", "payout", "value"} & attrs.keys() or attrs["items"]:
            raise serializers.ValidationError("Upholding takes only a reason.", code="reason_only")
        return attrs


@extend_schema_serializer(
    examples=[
        OpenApiExample("Another winner", value={"outcome": 1, "reason": "The log was forged."}, request_only=True)
    ]
)
class CorrectionInput(PayoutInput):
    reason = _reason()


@extend_schema_serializer(
    examples=[OpenApiExample("A page", value={"url": "https://example.org/log", "title": "Log"}, request_only=True)]
)
class LinkInput(InputSerializer):
    url = StrictTextField(max_length=2_000, help_text="http or https.")
    title = StrictTextField(max_length=200, allow_blank=True, default="")


class FileInput(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="PDF, PNG, JPEG, WebP or plain text in UTF-8, at most 5 MiB.")


class EvidenceSerializer(serializers.Serializer[Any]):
    """A file or a link. `given_for` says for which step it was given; null: it waits for one."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Evidence.Kind.choices)
    name = serializers.CharField()
    url = serializers.CharField(allow_null=True, help_text="Of a link.")
    media_type = serializers.CharField(allow_null=True, help_text="Of a file, by its contents.")
    size_bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(help_text="Of the file's bytes or the link's address, as in the market's events.")
    added_at = serializers.DateTimeField()
    given_for = serializers.ChoiceField(
        choices=[("proposal", "Proposal"), ("dispute", "Dispute"), ("correction", "Correction")], allow_null=True
    )


def evidence_body(piece: Evidence) -> dict[str, object]:
    """A piece of evidence."""
    is_file = piece.kind == Evidence.Kind.FILE
    given = {"proposal": piece.proposal_id, "dispute": piece.dispute_id, "correction": piece.request_id}
    return {
        "id": piece.pk,
        "kind": piece.kind,
        "name": piece.name,
        "url": None if is_file else piece.url,
        "media_type": piece.media_type if is_file else None,
        "size_bytes": piece.size_bytes if is_file else None,
        "sha256": piece.sha256,
        "added_at": piece.added_at,
        "given_for": next((name for name, given_id in given.items() if given_id), None),
    }

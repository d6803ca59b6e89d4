"""What the account endpoints take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.ledger.models import Account, Posting
from markets.ledger.services import MAX_UNITS
from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField


class AccountSerializer(serializers.Serializer[Any]):
    """Cash in units. `id` is null where you have not had any yet."""

    id = serializers.IntegerField(allow_null=True)
    organization = serializers.UUIDField()
    organization_slug = serializers.CharField()
    balance = serializers.IntegerField(help_text="Reserved cash included.")
    reserved = serializers.IntegerField(help_text="What your open orders may need.")
    available = serializers.IntegerField()


class AccountsSerializer(serializers.Serializer[Any]):
    accounts = AccountSerializer(many=True, help_text="One per organization, by short name.")


class EntrySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    account = serializers.IntegerField()
    organization = serializers.UUIDField()
    reason = serializers.ChoiceField(choices=Posting.Reason.choices)
    units = serializers.IntegerField(help_text="Into the account, or out of it if negative.")
    balance_after = serializers.IntegerField()
    stream = serializers.CharField(help_text="Where the event that caused it stands: market-<id> or account-<id>.")
    event_position = serializers.IntegerField(help_text="That event. All entries of one event are one journal.")
    recorded_at = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[OpenApiExample("100 credits", value={"units": 1_000_000, "note": "Welcome."}, request_only=True)]
)
class SumInput(InputSerializer):
    units = StrictIntegerField(min_value=1, max_value=MAX_UNITS, help_text="1 credit is 10,000 units.")
    note = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Kept in the event; no names.")


def account_body(account: Account) -> dict[str, object]:
    """An account, read with its organization."""
    return {
        "id": account.pk,
        "organization": account.organization_id,
        "organization_slug": account.organization.slug,
        "balance": account.balance_units,
        "reserved": account.reserved_units,
        "available": account.available_units,
    }


def entry_body(posting: Posting, stream: str) -> dict[str, object]:
    """A line of a statement, read with its account."""
    return {
        "id": posting.pk,
        "account": posting.account_id,
        "organization": posting.account.organization_id,
        "reason": posting.reason,
        "units": posting.delta_units,
        "balance_after": posting.balance_after_units,
        "stream": stream,
        "event_position": posting.event_position,
        "recorded_at": posting.recorded_at,
    }

"""What the account endpoints take and answer."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from markets.ledger.models import Account, Posting
from markets.ledger.services import MAX_UNITS
from markets.trading.limit_models import LimitDefaults
from opinion_market.api.serializers import InputSerializer, StrictIntegerField, StrictTextField


class AccountLimitsSerializer(serializers.Serializer[Any]):
    """What bounds an account in each market; null is no limit. Of its own figure and the market's the smaller one binds."""

    open_orders = serializers.IntegerField(allow_null=True, help_text="Most open orders in one market.")
    position = serializers.IntegerField(
        allow_null=True, help_text="Most contracts of one outcome, beyond complete sets, that may come to be held."
    )
    order_value = serializers.IntegerField(allow_null=True, help_text="Units one order may cost at most.")
    market_open_orders = serializers.IntegerField(allow_null=True, help_text="For all, in markets without their own.")
    market_position = serializers.IntegerField(allow_null=True, help_text="For all, in markets without their own.")
    market_order_quantity = serializers.IntegerField(
        allow_null=True, help_text="Most contracts of one order, in markets without their own figure."
    )


class BlockSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    by = serializers.ChoiceField(choices=["owner", "staff"], help_text="Only staff can release its own block.")
    reason = serializers.CharField()


class AccountSerializer(serializers.Serializer[Any]):
    """Cash in units. `id` is null where you have not had any yet."""

    id = serializers.IntegerField(allow_null=True)
    organization = serializers.UUIDField()
    organization_slug = serializers.CharField()
    balance = serializers.IntegerField(help_text="Reserved cash included.")
    reserved = serializers.IntegerField(help_text="What your open orders may need.")
    available = serializers.IntegerField()
    limits = AccountLimitsSerializer()
    blocked = BlockSerializer(allow_null=True, help_text="The kill switch: new orders are refused. Null: trading.")


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
    event_position = serializers.IntegerField(help_text="That event's place in the store.")
    recorded_at = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[OpenApiExample("100 credits", value={"units": 1_000_000, "note": "Welcome."}, request_only=True)]
)
class SumInput(InputSerializer):
    units = StrictIntegerField(min_value=1, max_value=MAX_UNITS, help_text="1 credit is 10,000 units.")
    note = StrictTextField(max_length=200, allow_blank=True, default="", help_text="Kept in the event; no names.")


def account_body(account: Account) -> dict[str, object]:
    """An account, read with its organization and that organization's limits."""
    return {
        "id": account.pk,
        "organization": account.organization_id,
        "organization_slug": account.organization.slug,
        "balance": account.balance_units,
        "reserved": account.reserved_units,
        "available": account.available_units,
        "limits": _limits(account),
        "blocked": {
            "at": account.blocked_at,
            "by": "staff" if account.blocked_by_staff else "owner",
            "reason": account.block_reason,
        }
        if account.blocked_at
        else None,
    }


def _limits(account: Account) -> dict[str, object]:
    defaults = getattr(account.organization, "limit_defaults", None) or LimitDefaults()
    own_value = account.max_order_value_units
    return {
        "open_orders": account.max_open_orders,
        "position": account.max_position_contracts,
        "order_value": defaults.order_value_limit_units if own_value is None else own_value,
        "market_open_orders": defaults.order_limit,
        "market_position": defaults.position_limit_contracts,
        "market_order_quantity": defaults.order_quantity_limit,
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

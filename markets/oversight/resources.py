"""What the exchange's lists are exported as: one column per fact, money in units, times in UTC. There is no import."""

from typing import Any

from import_export import fields, resources

from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market
from markets.trading.models import Order, Position, Trade


class _Export(resources.ModelResource):  # type: ignore[misc]
    """Written as the values are, without the detours an import would need."""

    def import_data(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("Rows of the exchange come from its events alone.")


class MarketExport(_Export):
    class Meta:
        model = Market
        fields = (
            "id", "organization__slug", "question", "kind", "category", "status", "is_public", "price_units",
            "volume_contracts", "volume_units", "open_sets", "trade_sequence", "house_liquidity", "taker_fee_bps",
            "maker_fee_bps", "payout_units", "created_at", "opened_at", "closes_at", "closed_at", "resolved_at", "settled_at",
        )  # fmt: skip


class OrderExport(_Export):
    class Meta:
        model = Order
        fields = (
            "id", "market", "market__question", "account", "account__owner__username", "outcome", "side", "type",
            "time_in_force", "post_only", "price_units", "quantity", "status", "filled_quantity", "cancelled_quantity",
            "filled_value_units", "fees_units", "reserved_units", "client_order_id", "created_at", "updated_at", "expires_at",
        )  # fmt: skip


class TradeExport(_Export):
    class Meta:
        model = Trade
        fields = (
            "id", "market", "market__question", "sequence", "outcome", "taker_side", "price_units", "quantity", "value_units",
            "price_after_units", "taker_account", "taker_account__owner__username", "maker_account",
            "maker_account__owner__username", "taker_fee_units", "maker_fee_units", "taker_stock", "maker_stock",
            "taker_order", "maker_order", "executed_at",
        )  # fmt: skip


class PositionExport(_Export):
    class Meta:
        model = Position
        fields = (
            "id", "market", "market__question", "account", "account__owner__username", "outcome", "free_contracts",
            "reserved_contracts",
        )  # fmt: skip


class AccountExport(_Export):
    available_units = fields.Field(attribute="available_units", column_name="available_units", readonly=True)

    class Meta:
        model = Account
        fields = (
            "id", "organization__slug", "kind", "owner__username", "market", "balance_units", "reserved_units",
            "available_units", "created_at",
        )  # fmt: skip


class PostingExport(_Export):
    class Meta:
        model = Posting
        fields = (
            "id", "event_position", "account", "account__kind", "account__owner__username", "reason", "delta_units",
            "balance_after_units", "recorded_at",
        )  # fmt: skip

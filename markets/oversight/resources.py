"""What the exchange's lists are exported as: one column per fact, money in units, times in UTC."""

from import_export import fields, resources

from markets.ledger.models import Account, Posting
from markets.lifecycle.models import Market
from markets.trading.models import Order, Position, Trade


class MarketExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Market
        fields = (
            "id", "organization__slug", "question", "kind", "category", "status", "is_public", "price_units",
            "volume_contracts", "volume_units", "open_sets", "trade_sequence", "house_liquidity", "taker_fee_bps",
            "maker_fee_bps", "position_limit_contracts", "order_limit", "order_quantity_limit",
            "payout_units", "created_at", "opened_at", "closes_at", "closed_at", "resolved_at", "settled_at",
        )  # fmt: skip


class OrderExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Order
        fields = (
            "id", "market", "market__question", "account", "account__owner__username", "outcome", "side", "type",
            "time_in_force", "post_only", "price_units", "quantity", "status", "filled_quantity", "cancelled_quantity",
            "filled_value_units", "fees_units", "reserved_units", "client_order_id", "created_at", "updated_at", "expires_at",
        )  # fmt: skip


class TradeExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Trade
        fields = (
            "id", "market", "market__question", "sequence", "outcome", "taker_side", "price_units", "quantity", "value_units",
            "price_after_units", "taker_account", "taker_account__owner__username", "maker_account",
            "maker_account__owner__username", "taker_fee_units", "maker_fee_units", "taker_stock", "maker_stock",
            "taker_order", "maker_order", "executed_at",
        )  # fmt: skip


class PositionExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Position
        fields = (
            "id", "market", "market__question", "account", "account__owner__username", "outcome", "free_contracts",
            "reserved_contracts",
        )  # fmt: skip


class AccountExport(resources.ModelResource):  # type: ignore[misc]
    available_units = fields.Field(attribute="available_units", column_name="available_units", readonly=True)

    class Meta:
        model = Account
        fields = (
            "id", "organization__slug", "kind", "owner__username", "market", "balance_units", "reserved_units",
            "available_units", "max_open_orders", "max_position_contracts", "max_order_value_units", "blocked_at",
            "blocked_by_staff", "created_at",
        )  # fmt: skip


class PostingExport(resources.ModelResource):  # type: ignore[misc]
    class Meta:
        model = Posting
        fields = (
            "id", "event_position", "account", "account__kind", "account__owner__username", "reason", "delta_units",
            "balance_after_units", "recorded_at",
        )  # fmt: skip

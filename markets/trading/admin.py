"""Orders, trades and positions in the console: to be searched, filtered and exported, never edited."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import Fact, OrganizationFilter, PageLink, column, staff
from governance.audit.deeds import record_deed
from markets.engine.units import SET_UNITS
from markets.oversight.columns import amount, holder_link, market_link, number, outcome_label, price, side
from markets.oversight.pages import ExchangePage
from markets.oversight.resources import OrderExport, PositionExport, TradeExport
from markets.trading import services
from markets.trading.models import Order, Position, Trade
from markets.trading.replies import average_price

ORDER_COLOURS = {"open": "success", "filled": "info", "cancelled": "", "expired": "warning"}


@admin.register(Order)
class OrderAdmin(ExchangePage):
    """Orders as they were given, and what became of them. Staff with orders.cancel may cancel an open one, with a reason."""

    resource_classes = (OrderExport,)
    view_permission = "orders.read"
    list_display = (
        "created_at", "shown_market", "shown_outcome", "trader", "shown_side", "shown_price", "shown_quantity", "filled",
        "shown_status",
    )  # fmt: skip
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("side", ChoicesDropdownFilter),
        ("type", ChoicesDropdownFilter),
        ("time_in_force", ChoicesDropdownFilter),
        OrganizationFilter,
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("market", "account__owner")

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [path("<path:object_id>/cancel/", cancel, name="markets_order_cancel"), *super().get_urls()]

    def exact(self, term: str) -> Q | None:
        if len(term) == 36 and term.count("-") == 4 and all(part.isalnum() for part in term.split("-")):
            return Q(pk=term) if set(term.lower()) <= set("0123456789abcdef-") else Q(client_order_id=term)
        return None

    @column("Trader")
    def trader(self, order: Order) -> SafeString:
        return holder_link(order.account)

    @column("Side", ordering="side")
    def shown_side(self, order: Order) -> SafeString:
        return side(order.side)

    @column("Filled", ordering="filled_quantity")
    def filled(self, order: Order) -> SafeString:
        return number(order.filled_quantity)

    @column("Status", ordering="status", label=ORDER_COLOURS)
    def shown_status(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    def facts(self, request: HttpRequest, row: Order) -> list[Fact]:
        average = average_price(row.filled_value_units, row.filled_quantity)
        return [
            Fact("Market", market_link(row.market)),
            Fact("Trader", holder_link(row.account)),
            Fact(
                "Order", f"{row.get_side_display()} {outcome_label(row.market, row.outcome)}, {row.get_type_display()}"
            ),
            Fact("Price", price(row.price_units)),
            Fact("Quantity", number(row.quantity)),
            Fact("Filled", number(row.filled_quantity)),
            Fact("Cancelled", number(row.cancelled_quantity)),
            Fact("Average price", f"{Decimal(average) / SET_UNITS:.8f}".rstrip("0") if average else "–"),
            Fact("Fees", amount(row.fees_units)),
            Fact("Status", row.get_status_display()),
            Fact("Time in force", row.get_time_in_force_display()),
            Fact("Post only", "yes" if row.post_only else "no"),
            Fact("Expires", row.expires_at or "–"),
            Fact("Reserved cash", amount(row.reserved_units)),
            Fact("Reserved contracts", number(row.reserved_contracts)),
            Fact("Client's id", row.client_order_id or "–"),
            Fact("Placed", row.created_at),
            Fact("Last change", row.updated_at),
            Fact("Id", row.pk),
        ]

    def page_context(self, request: HttpRequest, row: Order) -> dict[str, Any]:
        deeds = []
        if row.status == Order.Status.OPEN and self.permits(request, "orders.cancel", row):
            deeds.append(
                PageLink("Cancel", reverse("admin:markets_order_cancel", args=[row.pk]), "cancel", tone="danger")
            )
        return {"title": f"Order: {row}", "deeds": deeds}

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel somebody's open order, with a reason that its owner can read in the market's events."""
        order: Order | None = self.row_or_none(request, object_id)
        if order is None:
            raise Http404
        if not self.permits(request, "orders.cancel", order):
            raise PermissionDenied
        actor, rest = staff(request), order.quantity - order.filled_quantity - order.cancelled_quantity
        question = Question(
            title=f"Cancel order: {order}",
            button="Cancel the order",
            consequences=[
                f"The remaining {rest:,} contracts leave the book and what they reserved is released.",
                "What has been filled stays. The reason stands in the market's events.",
            ],
            facts=self.facts(request, order)[:6],
            done="The order is cancelled.",
            back=reverse("admin:markets_order_change", args=[order.pk]),
            is_dangerous=True,
        )

        def act(given: Mapping[str, Any]) -> None:
            services.cancel_order_as_staff(actor=actor, order_id=order.pk, reason=given["reason"]).unwrap()
            record_deed(
                actor=actor,
                target=order,
                organization_id=order.market.organization_id,
                deed="order cancelled",
                reason=given["reason"],
            )

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)


@admin.register(Trade)
class TradeAdmin(ExchangePage):
    """Every match, in the terms of the book it happened in."""

    resource_classes = (TradeExport,)
    view_permission = "orders.read"
    account_fields = ("taker_account", "maker_account")
    list_display = (
        "executed_at", "shown_market", "sequence", "shown_outcome", "shown_side", "shown_price", "shown_quantity", "value",
        "taker", "maker",
    )  # fmt: skip
    list_filter = (("taker_side", ChoicesDropdownFilter), OrganizationFilter, ("executed_at", RangeDateTimeFilter))
    list_select_related = ("market", "taker_account__owner", "maker_account__owner")

    @column("Taker's side", ordering="taker_side")
    def shown_side(self, trade: Trade) -> SafeString:
        return side(trade.taker_side)

    @column("Value", ordering="value_units")
    def value(self, trade: Trade) -> SafeString:
        return amount(trade.value_units)

    @column("Taker")
    def taker(self, trade: Trade) -> SafeString:
        return holder_link(trade.taker_account)

    @column("Maker")
    def maker(self, trade: Trade) -> SafeString:
        return holder_link(trade.maker_account)

    @column("Settled by")
    def kind(self, trade: Trade) -> str:
        """Which of the four settlements it was, or which of them it was made of."""
        buyer, seller = trade.taker_stock, trade.maker_stock
        if trade.taker_side == Order.Side.SELL:
            buyer, seller = seller, buyer
        if not buyer and not seller:
            return "mint"
        if not buyer and seller == trade.quantity:
            return "transfer"
        if buyer == seller == trade.quantity:
            return "merge"
        return "exchange of baskets" if buyer == trade.quantity and not seller else "mixed"

    def facts(self, request: HttpRequest, row: Trade) -> list[Fact]:
        return [
            Fact("Market", market_link(row.market)),
            Fact("Sequence in the market", number(row.sequence)),
            Fact("Outcome", outcome_label(row.market, row.outcome)),
            Fact("Taker", holder_link(row.taker_account)),
            Fact("Taker's side", side(row.taker_side)),
            Fact("Maker", holder_link(row.maker_account)),
            Fact("Price", price(row.price_units)),
            Fact("Quantity", number(row.quantity)),
            Fact("Value", amount(row.value_units)),
            Fact("Price of the market afterwards", price(row.price_after_units)),
            Fact("Settled by", self.kind(row)),
            Fact("Taker's fee", amount(row.taker_fee_units)),
            Fact("Maker's fee", amount(row.maker_fee_units)),
            Fact("Executed", row.executed_at),
            Fact("Taker's order", row.taker_order),
            Fact("Maker's order", row.maker_order or "the house market maker"),
        ]


@admin.register(Position)
class PositionAdmin(ExchangePage):
    """Contracts held now, with what they are worth at the last price."""

    resource_classes = (PositionExport,)
    view_permission = "participants.read"
    list_display = ("holder", "shown_market", "shown_outcome", "free", "reserved", "worth")
    list_filter = (("market__status", ChoicesDropdownFilter), OrganizationFilter)
    list_select_related = ("market", "account__owner")
    list_display_links = ("shown_outcome",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(free_contracts=0, reserved_contracts=0)

    @column("Holder")
    def holder(self, position: Position) -> SafeString:
        return holder_link(position.account)

    @column("Free", ordering="free_contracts")
    def free(self, position: Position) -> SafeString:
        return number(position.free_contracts)

    @column("Reserved", ordering="reserved_contracts")
    def reserved(self, position: Position) -> SafeString:
        return number(position.reserved_contracts)

    @column("Worth at the last price")
    def worth(self, position: Position) -> SafeString:
        prices = position.market.price_units
        held = position.free_contracts + position.reserved_contracts
        return amount(held * prices[position.outcome]) if position.outcome < len(prices) else amount(None)

    def facts(self, request: HttpRequest, row: Position) -> list[Fact]:
        return [
            Fact("Holder", holder_link(row.account)),
            Fact("Market", market_link(row.market)),
            Fact("Outcome", outcome_label(row.market, row.outcome)),
            Fact("Free contracts", number(row.free_contracts)),
            Fact("Reserved by open orders", number(row.reserved_contracts)),
            Fact("Worth at the last price", self.worth(row)),
        ]

"""What a command's caller is told, as the JSON the API sends. Built in the batch, so that a repeated key gets the same."""

from typing import Any

from markets.engine.orders import Order
from markets.engine.units import SET_UNITS
from opinion_market.kernel.clock import from_microseconds, text

Reply = dict[str, Any]


def average_price(value_units: int, quantity: int) -> str | None:
    """Average price in units with four decimals, as text (a fraction has no exact JSON number); None without fills."""
    if not quantity:
        return None
    scaled = (value_units * 20_000 + quantity) // (2 * quantity)
    return f"{scaled // 10_000}.{scaled % 10_000:04d}"


def placed_order(
    market_id: str, data: dict[str, Any], order: Order, status: str, at: str, created_at: str | None = None
) -> Reply:
    """The answer to an order placed or amended, just after it was applied. `data` is its event's data.

    at: the event's time in ISO 8601; created_at: the order's, if that is another. `fills` are the event's.
    """
    given = data["order"]
    mirrored = order.mirrored
    expires_us = given.get("expires_us")
    return {
        "id": order.id,
        "market": market_id,
        "outcome": given["outcome"],
        "side": given["side"],
        "type": given["type"],
        "price": given["price"],
        "quantity": order.quantity,
        "time_in_force": given["time_in_force"],
        "post_only": given["post_only"],
        "reduce_only": order.reduce_only,
        "budget": given.get("budget"),
        "expires_at": text(from_microseconds(expires_us)) if expires_us is not None else None,
        "client_order_id": given.get("client_order_id"),
        "status": status,
        "filled_quantity": order.filled,
        "remaining_quantity": order.remaining,
        "cancelled_quantity": order.cancelled,
        "average_price": average_price(
            SET_UNITS * order.filled - order.value if mirrored else order.value, order.filled
        ),
        "fees": order.fees,
        "created_at": created_at or at,
        "updated_at": at,
        "fills": [
            {
                "sequence": fill["sequence"],
                "price": SET_UNITS - fill["price"] if mirrored else fill["price"],
                "quantity": fill["quantity"],
                "fee": fill["taker_fee"],
                "role": "taker",
                "executed_at": at,
            }
            for fill in data["fills"]
        ],
    }


def reduced_order(market_id: str, order: Order, client_order_id: str | None, created_at: str, at: str) -> Reply:
    """The answer to an order made smaller, which fills nothing. Times in ISO 8601."""
    expires_us = order.expires_us
    given: dict[str, Any] = {
        "outcome": order.outcome,
        "side": "buy" if order.is_buy else "sell",
        "type": "limit",
        "price": order.own_price,
        "time_in_force": "gtc" if expires_us is None else "gtd",
        "post_only": order.post_only,
        "expires_us": expires_us,
        "client_order_id": client_order_id,
    }
    return placed_order(market_id, {"order": given, "fills": []}, order, "open", at, created_at)

"""A session's new rows in COPY's binary format. Cells that all rows of a batch share are made once and stand last."""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any

from markets.engine.orders import Order
from markets.engine.units import SET_UNITS
from markets.ledger.models import Posting
from markets.trading.models import Order as OrderRow
from markets.trading.session import MarketSession, PlacedRow, TradeRow
from opinion_market.kernel.binary_copy import NULL, bigint_cell, bytes_cell, text_cell, time_cell, uuid_bytes
from opinion_market.kernel.clock import from_microseconds

POSTING_COLUMNS = ("event_position", "account_id", "delta_units", "balance_after_units", "reason", "recorded_at")
TRADE_COLUMNS = (
    "sequence", "outcome", "price_units", "quantity", "value_units", "price_after_units", "taker_order",
    "taker_account_id", "maker_account_id", "taker_fee_units", "maker_fee_units", "taker_stock", "maker_stock",
    "maker_order", "taker_side", "market_id", "executed_at",
)  # fmt: skip
ORDER_COLUMNS = (
    "id", "account_id", "outcome", "post_only", "reduce_only", "price_units", "quantity", "filled_quantity",
    "cancelled_quantity", "filled_value_units", "fees_units", "reserved_units", "reserved_contracts", "event_version",
    "side", "type", "time_in_force", "status", "budget_units", "expires_at", "client_order_id",
    "market_id", "created_at", "updated_at",
)  # fmt: skip

# The count of columns, then a length and a value for each: q bigint, i integer, h smallint, ? boolean, 16s uuid.
_pack_posting = Struct("!h iq iq iq iq").pack
_pack_trade = Struct("!h iq ih ii iq iq ii i16s iq iq iq iq iq iq").pack
_pack_order = Struct("!h i16s iq ih i? i? ii iq iq iq iq iq iq iq iq").pack

_WORDS: Mapping[str, bytes] = {
    word: text_cell(word)
    for words in (OrderRow.Side, OrderRow.Type, OrderRow.TimeInForce, OrderRow.Status)
    for word in words.values
}


def order_status(order: Order, *, expired: bool = False) -> str:
    """An order's status as its row shows it."""
    if order.remaining:
        return "open"
    if not order.cancelled:
        return "filled"
    return "expired" if expired else "cancelled"


def own_value_units(order: Order) -> int:
    """Value of an order's fills in its own outcome's terms: for a mirrored one the complement of the book's."""
    return SET_UNITS * order.filled - order.value if order.mirrored else order.value


def posting_rows(session: MarketSession, positions: Sequence[int]) -> list[bytes]:
    """The session's postings; `positions` are its events'."""
    columns = len(POSTING_COLUMNS)
    at = time_cell(session.now)
    ends = {reason: text_cell(reason) + at for reason in Posting.Reason.values}
    return [
        _pack_posting(columns, 8, positions[event], 8, account, 8, delta, 8, balance_after) + ends[reason]
        for event, account, reason, delta, balance_after in session.all_postings()
    ]


def order_rows(session: MarketSession) -> list[bytes]:
    """The orders placed in the session, as they are at its end."""
    at = time_cell(session.now)
    end = bytes_cell(uuid_bytes(session.market_id)) + at + at
    return [_order_row(row, end) for row in session.placed.values()]


def _order_row(row: PlacedRow, end: bytes) -> bytes:
    given, order = row.given, row.order
    numbers = _pack_order(
        len(ORDER_COLUMNS), 16, uuid_bytes(order.id), 8, order.account, 2, given["outcome"], 1, given["post_only"],
        1, order.reduce_only, 4, given["price"], 8, order.quantity, 8, order.filled, 8, order.cancelled,
        8, own_value_units(order), 8, order.fees, 8, order.reserved, 8, order.stock, 8, row.version,
    )  # fmt: skip
    return b"".join(
        (
            numbers, _WORDS[given["side"]], _WORDS[given["type"]], _WORDS[given["time_in_force"]],
            _WORDS[order_status(order)], *_seldom_given(given, order), end,
        )
    )  # fmt: skip


def _seldom_given(given: Mapping[str, Any], order: Order) -> tuple[bytes, bytes, bytes]:
    """Budget, expiry and client_order_id."""
    budget, client_id = given.get("budget"), given.get("client_order_id")
    return (
        NULL if budget is None else bigint_cell(budget),
        NULL if order.expires_us is None else time_cell(from_microseconds(order.expires_us)),
        NULL if client_id is None else text_cell(client_id),
    )


def trade_rows(session: MarketSession) -> list[bytes]:
    """The session's trades."""
    end = bytes_cell(uuid_bytes(session.market_id)) + time_cell(session.now)
    return [_trade_row(row, end) for row in session.trades]


def _trade_row(row: TradeRow, end: bytes) -> bytes:
    fill, taker = row.fill, row.taker
    maker_order = fill["maker_order"]
    numbers = _pack_trade(
        len(TRADE_COLUMNS), 8, fill["sequence"], 2, taker.book, 4, fill["price"], 8, fill["quantity"],
        8, fill["value"], 4, row.price_after, 16, uuid_bytes(taker.id), 8, taker.account, 8, fill["maker_account"],
        8, fill["taker_fee"], 8, fill["maker_fee"], 8, fill["taker_stock"], 8, fill["maker_stock"],
    )  # fmt: skip
    maker = NULL if maker_order is None else bytes_cell(uuid_bytes(maker_order))
    return b"".join((numbers, maker, _WORDS["buy" if taker.is_bid else "sell"], end))

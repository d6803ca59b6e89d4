"""Writes a session's rows: one statement per table, whatever the number of commands.

COPY for what is new (events, postings, orders, trades); one UPDATE or upsert with arrays for what changes (orders,
positions, balances, the market).
"""

from collections.abc import Sequence

from markets.trading.memory import keep_snapshot, stream_of
from markets.trading.rows import (
    ORDER_COLUMNS,
    POSTING_COLUMNS,
    TRADE_COLUMNS,
    order_rows,
    order_status,
    own_value_units,
    posting_rows,
    trade_rows,
)
from markets.trading.session import MarketSession
from opinion_market.eventstore.append import append_after, reserve_positions
from opinion_market.kernel.binary_copy import copy_binary
from opinion_market.kernel.clock import from_microseconds
from opinion_market.kernel.prepared import array_literal, pipeline, run_prepared


def write(session: MarketSession) -> None:
    """Append the session's events and bring every table up to date, in the caller's transaction."""
    if not session.events:
        return
    positions = reserve_positions(len(session.events))
    head = append_after(
        head=session.head,
        stream=stream_of(session.market_id),
        events=session.events,
        positions=positions,
    )
    session.loaded.head_hash = head.hash
    copy_binary("markets_posting", POSTING_COLUMNS, posting_rows(session, positions))
    copy_binary("markets_order", ORDER_COLUMNS, order_rows(session))
    copy_binary("markets_trade", TRADE_COLUMNS, trade_rows(session))
    with pipeline():
        _update_amended(session)
        _update_orders(session)
        _write_positions(session)
        _update_accounts(session)
        _update_market(session)
    keep_snapshot(session.loaded, session.now)


def _update_amended(session: MarketSession) -> None:
    """Terms of orders that were amended. Before `_update_orders`: the check on quantities holds in between too."""
    if not session.amended:
        return
    orders = [order for order, _ in session.amended.values()]
    expiries = [None if order.expires_us is None else from_microseconds(order.expires_us) for order in orders]
    run_prepared(
        "UPDATE markets_order o SET price_units = n.price, quantity = n.quantity, expires_at = n.expires_at, "
        "terms_from_sequence = n.since, time_in_force = CASE WHEN n.expires_at IS NULL THEN 'gtc' ELSE 'gtd' END "
        "FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[]) "
        "AS n (id, price, quantity, since, expires_at) "
        "WHERE o.id = n.id",
        [
            array_literal(order.id for order in orders),
            array_literal(order.own_price for order in orders),
            array_literal(order.quantity for order in orders),
            array_literal(since for _, since in session.amended.values()),
            expiries,
        ],
    )


def _update_orders(session: MarketSession) -> None:
    """Orders of earlier sessions that were filled, cancelled or expired in this one; the values are absolute."""
    if not session.changed:
        return
    rows = [
        (
            order.id, order_status(order, expired=expired), order.filled, order.cancelled, own_value_units(order),
            order.fees, order.reserved, order.stock,
        )
        for order, expired in session.changed.values()
    ]  # fmt: skip
    run_prepared(
        "UPDATE markets_order o SET status = n.status, filled_quantity = n.filled, cancelled_quantity = n.cancelled, "
        "filled_value_units = n.value, fees_units = n.fees, reserved_units = n.reserved, "
        "reserved_contracts = n.stock, updated_at = %s "
        "FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], "
        "%s::bigint[]) AS n (id, status, filled, cancelled, value, fees, reserved, stock) WHERE o.id = n.id",
        [session.now, *map(array_literal, zip(*rows, strict=True))],
    )


def _write_positions(session: MarketSession) -> None:
    """Positions that changed: updated where the table is known to have them, for an upsert also locks and tries to insert."""
    shown = session.loaded.positions
    changed: list[tuple[int, int, int, int]] = []
    unknown: list[tuple[int, int, int, int]] = []
    for account in session.holders:
        holding = session.state.holdings[account]
        held = tuple(zip(holding.free, holding.reserved, strict=True))
        before = shown.get(account)
        if before == held:
            continue
        shown[account] = held
        if before is None or len(before) != len(held):
            unknown += [(account, outcome, *contracts) for outcome, contracts in enumerate(held)]
        else:
            changed += [
                (account, outcome, *contracts) for outcome, contracts in enumerate(held) if contracts != before[outcome]
            ]
    _update_positions(session.market_id, changed)
    _upsert_positions(session.market_id, unknown)


def _update_positions(market_id: str, rows: Sequence[tuple[int, int, int, int]]) -> None:
    # OFFSET 0 keeps the market apart from the table's scan: planned while the table is young, it would otherwise read all
    # positions of the market for each batch, by the index on markets.
    if rows:
        run_prepared(
            "UPDATE markets_position p SET free_contracts = n.free, reserved_contracts = n.reserved "
            "FROM (SELECT %s::uuid AS market, u.* FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[]) "
            "AS u (account, outcome, free, reserved) OFFSET 0) n "
            "WHERE p.account_id = n.account AND p.market_id = n.market AND p.outcome = n.outcome",
            [market_id, *map(array_literal, zip(*rows, strict=True))],
        )


def _upsert_positions(market_id: str, rows: Sequence[tuple[int, int, int, int]]) -> None:
    if rows:
        run_prepared(
            "INSERT INTO markets_position (account_id, market_id, outcome, free_contracts, reserved_contracts) "
            "SELECT n.account, %s, n.outcome, n.free, n.reserved "
            "FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[]) "
            "AS n (account, outcome, free, reserved) "
            "ON CONFLICT (account_id, market_id, outcome) DO UPDATE "
            "SET free_contracts = EXCLUDED.free_contracts, reserved_contracts = EXCLUDED.reserved_contracts",
            [market_id, *map(array_literal, zip(*rows, strict=True))],
        )


def _update_accounts(session: MarketSession) -> None:
    if not session.touched:
        return
    rows = [
        (account, session.accounts[account].balance, session.accounts[account].reserved) for account in session.touched
    ]
    run_prepared(
        "UPDATE markets_account a SET balance_units = n.balance, reserved_units = n.reserved "
        "FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS n (id, balance, reserved) WHERE a.id = n.id",
        [*map(array_literal, zip(*rows, strict=True))],
    )


def _update_market(session: MarketSession) -> None:
    state = session.state
    values = {
        "version": state.version,
        "head_hash": session.loaded.head_hash,
        "status": state.status,
        "trade_sequence": state.trade_sequence,
        "open_sets": state.sets,
        "volume_contracts": state.volume_contracts,
        "volume_units": state.volume_units,
        **session.fields,
    }
    if state.last_prices:  # before it opens, a market shows the prices it will open with
        values["price_units"] = array_literal(state.last_prices)
    if session.trades:
        values["last_trade_at"] = session.now
    assignments = ", ".join(f"{column} = %s" for column in values)
    run_prepared(
        f"UPDATE markets_market SET {assignments} WHERE id = %s",  # noqa: S608 - columns are names from the code
        [*values.values(), session.market_id],
    )

"""What must hold of orders, books and trades."""

from markets.audit.statements import Statement

ORDER_STATEMENTS = (
    Statement(
        "books",
        7,
        "In every book the best bid is below the best offer",
        """
        SELECT concat('book ', book, ' of market ', market_id), bid IS NULL OR offer IS NULL OR bid < offer,
            concat('bid ', bid, ', offer ', offer)
        FROM (
            SELECT market_id, book, max(book_price) FILTER (WHERE is_bid) AS bid,
                min(book_price) FILTER (WHERE NOT is_bid) AS offer
            FROM {orders} o
            WHERE status = 'open'
            GROUP BY market_id, book
        ) best
        """,
    ),
    Statement(
        "open_orders",
        7,
        "Orders are open only in markets that are open or halted",
        """
        SELECT concat('order ', o.id), m.status IN ('open', 'halted'), concat('market ', m.id, ' is ', m.status)
        FROM markets_order o JOIN markets_market m ON m.id = o.market_id
        WHERE o.status = 'open' AND {markets}
        """,
    ),
    Statement(
        "self_trades",
        7,
        "Nobody trades with themselves",
        """
        SELECT concat('trade ', t.sequence, ' of market ', m.id), t.taker_account_id <> t.maker_account_id,
            concat('account ', t.taker_account_id, ' is on both sides')
        FROM markets_trade t JOIN markets_market m ON m.id = t.market_id
        WHERE {markets}
        """,
    ),
    Statement(
        "maker_prices",
        8,
        "Every fill from the book is at its maker's price",  # an amended order's earlier fills are checked by the replay
        """
        SELECT concat('trade ', t.sequence, ' of market ', t.market_id),
            o.account_id = t.maker_account_id AND o.book = t.outcome AND o.is_bid = (t.taker_side = 'sell')
            AND o.book_price = t.price_units AND t.value_units = t.price_units * t.quantity,
            concat(t.quantity, ' at ', t.price_units, ' for ', t.value_units, ', maker ', o.book_price)
        FROM markets_trade t JOIN markets_market m ON m.id = t.market_id
        LEFT JOIN {orders} o ON o.id = t.maker_order
        WHERE t.maker_order IS NOT NULL AND t.sequence >= coalesce(o.terms_from_sequence, 0) AND {markets}
        """,
    ),
    Statement(
        "taker_limits",
        8,
        "No fill is worse than its taker's limit",
        """
        SELECT concat('trade ', t.sequence, ' of market ', t.market_id),
            o.account_id = t.taker_account_id AND o.book = t.outcome AND o.is_bid = (t.taker_side = 'buy')
            AND CASE WHEN o.is_bid THEN t.value_units <= o.book_price * t.quantity
                ELSE t.value_units >= o.book_price * t.quantity END,
            concat(t.taker_side, ' ', t.quantity, ' for ', t.value_units, ', limit ', o.book_price)
        FROM markets_trade t JOIN markets_market m ON m.id = t.market_id
        LEFT JOIN {orders} o ON o.id = t.taker_order
        WHERE t.sequence >= coalesce(o.terms_from_sequence, 0) AND {markets}
        """,
    ),
    Statement(
        "fills",
        9,
        "An order's filled quantity, value and fees are those of its trades",
        """
        SELECT concat('order ', o.id),
            o.filled_quantity = coalesce(t.quantity, 0) AND o.fees_units = coalesce(t.fees, 0)
            AND o.filled_value_units = CASE WHEN o.mirrored THEN 10000 * coalesce(t.quantity, 0) - coalesce(t.value, 0)
                ELSE coalesce(t.value, 0) END,
            concat('filled ', o.filled_quantity, ' for ', o.filled_value_units, ', fees ', o.fees_units,
                '; its trades: ', coalesce(t.quantity, 0), ' for ', coalesce(t.value, 0), ', fees ', coalesce(t.fees, 0))
        FROM {orders} o
        LEFT JOIN (
            SELECT id, sum(quantity) AS quantity, sum(value) AS value, sum(fees) AS fees
            FROM (
                SELECT taker_order AS id, quantity, value_units AS value, taker_fee_units AS fees FROM markets_trade
                UNION ALL
                SELECT maker_order, quantity, value_units, maker_fee_units FROM markets_trade
                WHERE maker_order IS NOT NULL
            ) sides
            GROUP BY id
        ) t ON t.id = o.id
        """,
    ),
    Statement(
        "quantities",
        9,
        "Filled, open and cancelled add up to the quantity, and nothing is reserved by an order that is done",
        """
        SELECT concat('order ', o.id),
            CASE o.status
                WHEN 'open' THEN o.filled_quantity + o.cancelled_quantity < o.quantity
                WHEN 'filled' THEN o.filled_quantity = o.quantity
                ELSE o.filled_quantity + o.cancelled_quantity = o.quantity AND o.cancelled_quantity > 0
            END AND (o.status = 'open' OR o.reserved_units = 0 AND o.reserved_contracts = 0),
            concat(o.status, ', quantity ', o.quantity, ', filled ', o.filled_quantity, ', cancelled ',
                o.cancelled_quantity, ', reserved ', o.reserved_units)
        FROM markets_order o JOIN markets_market m ON m.id = o.market_id
        WHERE {markets}
        """,
    ),
    Statement(
        "times_in_force",
        9,
        "fok fills all, ioc never rests, and post-only never takes",
        """
        SELECT concat('order ', o.id),
            (o.time_in_force <> 'fok' OR o.filled_quantity = o.quantity)
            AND (o.time_in_force <> 'ioc' OR o.status <> 'open')
            AND NOT (o.post_only AND EXISTS (SELECT FROM markets_trade t WHERE t.taker_order = o.id)),
            concat(o.time_in_force, ', post-only ', o.post_only, ', ', o.status, ', filled ', o.filled_quantity)
        FROM markets_order o JOIN markets_market m ON m.id = o.market_id
        WHERE {markets}
        """,
    ),
)

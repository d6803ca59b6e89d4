"""What must hold of a market's totals: its trades' sequence and volume, its fees, its settlement."""

from markets.audit.statements import Statement

MARKET_STATEMENTS = (
    Statement(
        "trades",
        9,
        "A market's trades are numbered from 1 without gaps",
        """
        SELECT concat('market ', m.id),
            coalesce(t.trades, 0) = m.trade_sequence AND coalesce(t.last, 0) = m.trade_sequence
            AND coalesce(t.first, 1) = 1,
            concat(coalesce(t.trades, 0), ' trades from ', t.first, ' to ', t.last, ', sequence ', m.trade_sequence)
        FROM markets_market m
        LEFT JOIN (
            SELECT market_id, count(*) AS trades, min(sequence) AS first, max(sequence) AS last
            FROM markets_trade GROUP BY market_id
        ) t ON t.market_id = m.id
        WHERE {markets}
        """,
    ),
    Statement(
        "volume",
        9,
        "A market's volume is that of its trades",
        """
        SELECT concat('market ', m.id),
            coalesce(t.contracts, 0) = m.volume_contracts AND coalesce(t.units, 0) = m.volume_units,
            concat('volume ', m.volume_contracts, ' for ', m.volume_units, ', trades ', t.contracts, ' for ', t.units)
        FROM markets_market m
        LEFT JOIN (
            SELECT market_id, sum(quantity) AS contracts, sum(value_units) AS units
            FROM markets_trade GROUP BY market_id
        ) t ON t.market_id = m.id
        WHERE {markets}
        """,
    ),
    Statement(
        "fees",
        5,
        "What a market's fee account received is what its trades charged",
        """
        SELECT concat('market ', m.id), coalesce(f.received, 0) = coalesce(t.charged, 0),
            concat('received ', coalesce(f.received, 0), ', charged ', coalesce(t.charged, 0))
        FROM markets_market m
        LEFT JOIN (
            SELECT a.market_id, sum(p.delta_units) AS received
            FROM markets_account a JOIN markets_posting p ON p.account_id = a.id AND p.reason = 'fee'
            WHERE a.kind = 'market_fees'
            GROUP BY a.market_id
        ) f ON f.market_id = m.id
        LEFT JOIN (
            SELECT market_id, sum(taker_fee_units + maker_fee_units) AS charged FROM markets_trade GROUP BY market_id
        ) t ON t.market_id = m.id
        WHERE {markets}
        """,
    ),
    Statement(
        "payout_vectors",
        10,
        "A resolution pays 10,000 units over the outcomes",
        """
        SELECT concat('market ', m.id), v.total = 10000 AND v.least >= 0 AND v.entries = c.outcomes,
            concat('it pays ', m.payout_units::text)
        FROM markets_market m
        JOIN (SELECT market_id, count(*) AS outcomes FROM markets_outcome GROUP BY market_id) c ON c.market_id = m.id,
        LATERAL (SELECT sum(u) AS total, min(u) AS least, count(*) AS entries FROM unnest(m.payout_units) u) v
        WHERE m.payout_units IS NOT NULL AND {markets}
        """,
    ),
    Statement(
        "payouts",
        10,
        "The payouts of a settlement or a voiding sum to the escrow",
        """
        SELECT concat('market ', m.id), coalesce(p.paid, 0) = coalesce(p.given, 0) AND coalesce(p.least, 0) >= 0,
            concat('paid ', p.paid, ', escrow gave ', p.given, ', least payout ', p.least)
        FROM markets_market m
        LEFT JOIN (
            SELECT e.market_id, sum(q.delta_units) FILTER (WHERE q.account_id <> e.id) AS paid,
                -sum(q.delta_units) FILTER (WHERE q.account_id = e.id) AS given,
                min(q.delta_units) FILTER (WHERE q.account_id <> e.id) AS least
            FROM markets_account e JOIN markets_posting p ON p.account_id = e.id AND p.reason = 'payout'
            JOIN markets_posting q ON q.event_position = p.event_position
            WHERE e.kind = 'escrow'
            GROUP BY e.market_id
        ) p ON p.market_id = m.id
        WHERE m.status IN ('settled', 'voided') AND {markets}
        """,
    ),
    Statement(
        "settled",
        10,
        "A settled or voided market has no sets, contracts or money left",
        """
        SELECT concat('market ', m.id),
            m.open_sets = 0 AND coalesce(a.left_over, 0) = 0 AND coalesce(p.contracts, 0) = 0,
            concat('sets ', m.open_sets, ', money ', a.left_over, ', contracts ', p.contracts)
        FROM markets_market m
        LEFT JOIN (SELECT market_id, sum(abs(balance_units)) AS left_over FROM markets_account GROUP BY market_id) a
            ON a.market_id = m.id
        LEFT JOIN (
            SELECT market_id, sum(free_contracts + reserved_contracts) AS contracts
            FROM markets_position GROUP BY market_id
        ) p ON p.market_id = m.id
        WHERE m.status IN ('settled', 'voided') AND {markets}
        """,
    ),
)

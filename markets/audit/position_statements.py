"""What must hold of contracts: who has them, what backs them."""

from markets.audit.statements import Statement

POSITION_STATEMENTS = (
    Statement(
        "positions",
        3,
        "Nobody's free or reserved contracts are negative",
        """
        SELECT concat('account ', p.account_id, ', outcome ', p.outcome, ' of market ', m.id),
            p.free_contracts >= 0 AND p.reserved_contracts >= 0,
            concat('free ', p.free_contracts, ', reserved ', p.reserved_contracts)
        FROM markets_position p JOIN markets_market m ON m.id = p.market_id
        WHERE {markets}
        """,
    ),
    Statement(
        "reserved_contracts",
        2,
        "Reserved contracts are what the open orders deliver from stock",
        """
        SELECT concat('account ', account_id, ', outcome ', outcome, ' of market ', market_id),
            sum(reserved) = sum(promised), concat('reserved ', sum(reserved), ', open orders ', sum(promised))
        FROM (
            SELECT p.account_id, p.market_id, p.outcome, p.reserved_contracts AS reserved, 0 AS promised
            FROM markets_position p JOIN markets_market m ON m.id = p.market_id
            WHERE {markets}
            UNION ALL
            SELECT o.account_id, o.market_id, c.index, 0, o.reserved_contracts
            FROM markets_order o JOIN markets_market m ON m.id = o.market_id
            JOIN markets_outcome c ON c.market_id = m.id AND (c.index = o.outcome) = (o.side = 'sell')
            WHERE o.status = 'open' AND o.reserved_contracts > 0 AND {markets}
        ) both_sides
        GROUP BY account_id, market_id, outcome
        """,
    ),
    Statement(
        "contracts",
        4,
        "As many contracts exist of each outcome as there are complete sets",
        """
        SELECT concat('outcome ', c.index, ' of market ', m.id), coalesce(p.held, 0) = m.open_sets,
            concat('held ', coalesce(p.held, 0), ', sets ', m.open_sets)
        FROM markets_market m JOIN markets_outcome c ON c.market_id = m.id
        LEFT JOIN (
            SELECT market_id, outcome, sum(free_contracts + reserved_contracts) AS held
            FROM markets_position GROUP BY market_id, outcome
        ) p ON p.market_id = m.id AND p.outcome = c.index
        WHERE {markets}
        """,
    ),
    Statement(
        "escrow",
        4,
        "A market's escrow holds 10,000 units for each complete set",
        """
        SELECT concat('market ', m.id), coalesce(a.balance_units, 0) = m.open_sets * 10000,
            concat('escrow ', coalesce(a.balance_units, 0), ', sets ', m.open_sets)
        FROM markets_market m LEFT JOIN markets_account a ON a.market_id = m.id AND a.kind = 'escrow'
        WHERE {markets}
        """,
    ),
    Statement(
        "free_sets",
        6,
        "Nobody has a free complete set that they did not mint",
        """
        SELECT concat('account ', h.account_id, ' in market ', h.market_id), h.sets * 10000 <= coalesce(k.paid, 0),
            concat(h.sets, ' free sets, ', coalesce(k.paid, 0), ' units paid for minting')
        FROM (
            SELECT p.account_id, p.market_id, CASE WHEN count(*) = c.outcomes THEN min(p.free_contracts) ELSE 0 END AS sets
            FROM markets_position p JOIN markets_market m ON m.id = p.market_id
            JOIN (SELECT market_id, count(*) AS outcomes FROM markets_outcome GROUP BY market_id) c ON c.market_id = m.id
            WHERE {markets}
            GROUP BY p.account_id, p.market_id, c.outcomes
        ) h
        LEFT JOIN (
            SELECT p.account_id, e.market_id, -sum(p.delta_units) AS paid
            FROM markets_posting p JOIN markets_posting q ON q.event_position = p.event_position AND q.reason = 'mint'
            JOIN markets_account e ON e.id = q.account_id AND e.kind = 'escrow'
            WHERE p.reason = 'mint' AND p.account_id <> e.id
            GROUP BY p.account_id, e.market_id
        ) k ON k.account_id = h.account_id AND k.market_id = h.market_id
        """,
    ),
)

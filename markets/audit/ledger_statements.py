"""What must hold of accounts and postings."""

from markets.audit.statements import Statement

LEDGER_STATEMENTS = (
    Statement(
        "journals",
        1,
        "Every journal sums to zero and stays within one organization",
        """
        SELECT concat('event ', max(p.event_position)),
            sum(p.delta_units) = 0 AND count(a.id) = count(*) AND count(e.position) = count(*)
            AND count(DISTINCT a.organization_id) = 1,
            concat(count(*), ' postings of ', count(e.position), ' known events sum to ', sum(p.delta_units), ' in ',
                count(DISTINCT a.organization_id), ' organizations')
        FROM markets_posting p LEFT JOIN markets_account a ON a.id = p.account_id
        LEFT JOIN (
            SELECT position, stream, transaction_id FROM eventstore_event
            UNION ALL SELECT position, stream, transaction_id FROM eventstore_archivedevent
        ) e ON e.position = p.event_position
        WHERE {accounts}
        GROUP BY e.stream, e.transaction_id
        """,
    ),
    Statement(
        "balances",
        2,
        "An account's balance is the sum of its postings",
        """
        SELECT concat('account ', a.id), a.balance_units = coalesce(p.total, 0),
            concat('balance ', a.balance_units, ', postings ', coalesce(p.total, 0))
        FROM markets_account a
        LEFT JOIN (SELECT account_id, sum(delta_units) AS total FROM markets_posting GROUP BY account_id) p
            ON p.account_id = a.id
        WHERE {accounts}
        """,
    ),
    Statement(
        "running_balances",
        2,
        "Each posting continues the balance of the one before",
        """
        SELECT concat('posting ', id, ' of account ', account_id), after = before + delta,
            concat(before, ' + ', delta, ' is not ', after)
        FROM (
            SELECT p.id, p.account_id, p.delta_units AS delta, p.balance_after_units AS after,
                coalesce(lag(p.balance_after_units) OVER (PARTITION BY p.account_id ORDER BY p.id), 0) AS before
            FROM markets_posting p JOIN markets_account a ON a.id = p.account_id
            WHERE {accounts}
        ) chain
        """,
    ),
    Statement(
        "reserved_cash",
        2,
        "Reserved cash is what the open orders reserve",
        """
        SELECT concat('account ', a.id), a.reserved_units = coalesce(o.total, 0),
            concat('reserved ', a.reserved_units, ', open orders ', coalesce(o.total, 0))
        FROM markets_account a
        LEFT JOIN (
            SELECT account_id, sum(reserved_units) AS total FROM markets_order WHERE status = 'open' GROUP BY account_id
        ) o ON o.account_id = a.id
        WHERE {accounts}
        """,
    ),
    Statement(
        "available_cash",
        3,
        "Nobody's available or reserved cash is negative",
        """
        SELECT concat('account ', a.id),
            a.reserved_units >= 0 AND (a.kind = 'external' OR a.balance_units >= a.reserved_units),
            concat('balance ', a.balance_units, ', reserved ', a.reserved_units)
        FROM markets_account a
        WHERE {accounts}
        """,
    ),
    Statement(
        "balances_ever",
        12,
        "No balance was ever negative, so no house market maker lost more than its subsidy",
        """
        SELECT concat('account ', a.id), min(p.balance_after_units) >= 0,
            concat('it once held ', min(p.balance_after_units))
        FROM markets_account a JOIN markets_posting p ON p.account_id = a.id
        WHERE a.kind <> 'external' AND {accounts}
        GROUP BY a.id
        """,
    ),
    Statement(
        "bonds",
        2,
        "A market's bond account holds the bonds of its undecided disputes, and those only while it is disputed",
        """
        SELECT concat('market ', m.id),
            coalesce(a.balance_units, 0) = coalesce(d.held, 0) AND (coalesce(d.held, 0) = 0 OR m.status = 'disputed'),
            concat('balance ', a.balance_units, ', bonds held ', d.held, ', market ', m.status)
        FROM markets_market m
        LEFT JOIN markets_account a ON a.market_id = m.id AND a.kind = 'bond'
        LEFT JOIN (
            SELECT p.market_id, sum(d.bond_units) AS held
            FROM markets_dispute d JOIN markets_resolutionproposal p ON p.id = d.proposal_id
            WHERE d.bond = 'held' GROUP BY p.market_id
        ) d ON d.market_id = m.id
        WHERE {markets}
        """,
    ),
    Statement(
        "corrections",
        10,
        "Corrections move money among holders and the subsidy only, and never touch a market's own accounts",
        """
        SELECT concat('posting ', p.id, ' of account ', a.id),
            a.kind IN ('trader', 'subsidy'), concat('account of kind ', a.kind, ' moved by ', p.delta_units)
        FROM markets_posting p JOIN markets_account a ON a.id = p.account_id
        WHERE p.reason = 'correction' AND {accounts}
        """,
    ),
    Statement(
        "conservation",
        5,
        "Cash, escrow, fees, subsidy, house and campaigns sum to deposits less withdrawals",
        """
        SELECT concat('organization ', organization_id), inside = paid_in AND outside = -paid_in,
            concat('inside ', inside, ', outside ', outside, ', deposits less withdrawals ', paid_in)
        FROM (
            SELECT a.organization_id,
                coalesce(sum(a.balance_units) FILTER (WHERE a.kind <> 'external'), 0) AS inside,
                coalesce(sum(a.balance_units) FILTER (WHERE a.kind = 'external'), 0) AS outside,
                coalesce(sum(p.total) FILTER (WHERE a.kind <> 'external'), 0) AS paid_in
            FROM markets_account a
            LEFT JOIN (
                SELECT account_id, sum(delta_units) AS total FROM markets_posting
                WHERE reason IN ('deposit', 'withdrawal')
                GROUP BY account_id
            ) p ON p.account_id = a.id
            WHERE {accounts}
            GROUP BY a.organization_id
        ) sums
        """,
    ),
)

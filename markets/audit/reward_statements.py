"""What must hold of reward campaigns: their money, and what each hour paid."""

from markets.audit.statements import Statement

REWARD_STATEMENTS = (
    Statement(
        "campaigns",
        5,
        "A campaign holds its budget less what it paid and gave back, and has paid what its hours did",
        """
        SELECT concat('campaign ', c.id),
            coalesce(a.balance_units, 0) = CASE WHEN a.id IS NULL THEN 0 ELSE c.budget_units - c.paid_units - c.returned_units END
            AND (c.state NOT IN ('finished', 'stopped') OR coalesce(a.balance_units, 0) = 0)
            AND c.paid_units = coalesce(h.paid, 0) AND c.hours_paid = coalesce(h.hours, 0),
            concat(c.state, ', holds ', coalesce(a.balance_units, 0), ' of ', c.budget_units, ', paid ', c.paid_units,
                ', returned ', c.returned_units, '; its ', coalesce(h.hours, 0), ' hours paid ', coalesce(h.paid, 0))
        FROM markets_rewardcampaign c
        LEFT JOIN markets_account a ON a.id = c.account_id
        LEFT JOIN (
            SELECT campaign_id, sum(paid_units) AS paid, count(*) AS hours FROM markets_rewardhour GROUP BY campaign_id
        ) h ON h.campaign_id = c.id
        WHERE %(organizations)s::uuid[] IS NULL OR c.organization_id = ANY(%(organizations)s::uuid[])
        """,
    ),
    Statement(
        "reward_hours",
        10,
        "An hour pays all of its budget or nothing, and its payouts are the postings of its journal",
        """
        SELECT concat('hour ', h.hour, ' of campaign ', h.campaign_id),
            h.paid_units IN (0, h.budget_units) AND h.paid_units = coalesce(p.units, 0) AND h.accounts = coalesce(p.accounts, 0)
            AND coalesce(p.matched, 0) = coalesce(p.accounts, 0),
            concat('budget ', h.budget_units, ', paid ', h.paid_units, ' to ', h.accounts, '; payouts ', coalesce(p.units, 0),
                ' to ', coalesce(p.accounts, 0), ', of which ', coalesce(p.matched, 0), ' are posted')
        FROM markets_rewardhour h JOIN markets_rewardcampaign c ON c.id = h.campaign_id
        LEFT JOIN (
            SELECT y.hour_id, sum(y.units) AS units, count(*) AS accounts, count(t.id) AS matched
            FROM markets_rewardpayout y JOIN markets_rewardhour g ON g.id = y.hour_id
            LEFT JOIN markets_posting t ON t.event_position = g.event_position AND t.account_id = y.account_id
                AND t.reason = 'reward' AND t.delta_units = y.units
            GROUP BY y.hour_id
        ) p ON p.hour_id = h.id
        WHERE %(organizations)s::uuid[] IS NULL OR c.organization_id = ANY(%(organizations)s::uuid[])
        """,
    ),
)

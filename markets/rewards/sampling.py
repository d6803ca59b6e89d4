"""Scoring what rests near the mid price, once a minute: one statement for all campaigns and all orders.

The scheme is Polymarket's (https://docs.polymarket.com/market-makers/liquidity-rewards, itself after dYdX's), in integers.
In each book of a campaign's open markets, of the resting orders of at least the minimum size:

    mid      = half the sum of the best bid and the best offer; a book without both scores nobody
    S        = (v - s)^2 x size, for an order at a distance s < v of the mid; v is the campaign's maximum distance
    B, A     = an account's sums of S over its bids and over its offers
    Q        = max(min(A, B), max(A, B) / 3)    where 0.10 <= mid <= 0.90: one side alone counts a third
             = min(A, B)                        elsewhere: both sides are required

Distances are doubled so that the mid is whole, and Q is multiplied by 3 so that no fraction is needed: both are the same for
everybody. Polymarket divides S by v^2 and multiplies by a factor b = 1, which are constants too. An account's score is the
sum of its Q over the campaign's books, and its share the score's part of all scores of the sample.
"""

from datetime import datetime

from django.db import connection

from markets.engine.units import SET_UNITS

SHARE_SCALE = 10**12
SINGLE_SIDED_DIVISOR = 3
# Doubled, as the mid is: 2 x 1,000 and 2 x 9,000 units.
MIDDLE = (2_000, 18_000)

# FOR SHARE waits for a payout that is deciding an hour, and then looks again: no sample joins an hour that is paid. The sample's
# row is written first: of two workers in the same minute, the second finds it and scores nothing.
_SAMPLE = """
WITH due AS (
    SELECT id, organization_id, market_id, category, max_distance_units, min_size_contracts FROM markets_rewardcampaign
    WHERE state = 'running' AND starts_at + hours_paid * interval '1 hour' <= %(minute)s AND ends_at > %(minute)s
    FOR SHARE
), sample AS (
    INSERT INTO markets_rewardsample (campaign_id, sampled_at) SELECT id, %(minute)s FROM due
    ON CONFLICT DO NOTHING RETURNING id, campaign_id
), resting AS (
    SELECT sample.id AS sample_id, 2 * due.max_distance_units AS reach, o.account_id, m.id AS market_id, b.book, b.is_bid,
        b.price, o.quantity - o.filled_quantity - o.cancelled_quantity AS size
    FROM sample JOIN due ON due.id = sample.campaign_id
    JOIN markets_market m ON m.organization_id = due.organization_id AND m.status = 'open'
        AND (m.closes_at IS NULL OR m.closes_at > %(now)s)
        AND (m.id = due.market_id OR due.market_id IS NULL AND m.category = due.category)
    JOIN markets_order o ON o.market_id = m.id AND o.status = 'open'
        AND (o.expires_at IS NULL OR o.expires_at > %(now)s)
        AND o.quantity - o.filled_quantity - o.cancelled_quantity >= due.min_size_contracts
    CROSS JOIN LATERAL (SELECT cardinality(m.price_units) = 2 AND o.outcome = 1 AS mirrored) x
    CROSS JOIN LATERAL (
        SELECT CASE WHEN x.mirrored THEN 0 ELSE o.outcome END AS book, (o.side = 'buy') <> x.mirrored AS is_bid,
            CASE WHEN x.mirrored THEN %(set)s - o.price_units ELSE o.price_units END AS price
    ) b
), books AS (
    SELECT sample_id, market_id, book, max(price) FILTER (WHERE is_bid) + min(price) FILTER (WHERE NOT is_bid) AS mid
    FROM resting GROUP BY sample_id, market_id, book
), sides AS (
    SELECT sample_id, account_id, market_id, book, mid, coalesce(sum(points) FILTER (WHERE is_bid), 0) AS bids,
        coalesce(sum(points) FILTER (WHERE NOT is_bid), 0) AS offers
    FROM (
        SELECT resting.*, mid, (reach - abs(2 * price - mid))::numeric ^ 2 * size AS points
        FROM resting JOIN books USING (sample_id, market_id, book)
        WHERE abs(2 * price - mid) < reach
    ) near
    GROUP BY sample_id, account_id, market_id, book, mid
), scores AS (
    SELECT sample_id, account_id, sum(
        CASE WHEN mid BETWEEN %(low)s AND %(high)s
            THEN greatest(%(divisor)s * least(bids, offers), greatest(bids, offers))
            ELSE %(divisor)s * least(bids, offers) END
    ) AS score
    FROM sides GROUP BY sample_id, account_id
), written AS (
    INSERT INTO markets_rewardscore (sample_id, account_id, score, share)
    SELECT sample_id, account_id, score, div(score * %(scale)s, sum(score) OVER (PARTITION BY sample_id))
    FROM scores WHERE score > 0
)
SELECT count(*) FROM sample
"""


def sample_books(*, now: datetime) -> int:
    """Score the books for every running campaign, in the minute of `now`; returns for how many.

    A minute is sampled once, whoever asks how often; one that was missed is not made up for, since the books of then are
    gone. Locks the campaigns' rows for share.
    """
    minute = now.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            _SAMPLE,
            {
                "minute": minute,
                "now": now,
                "set": SET_UNITS,
                "low": MIDDLE[0],
                "high": MIDDLE[1],
                "divisor": SINGLE_SIDED_DIVISOR,
                "scale": SHARE_SCALE,
            },
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0

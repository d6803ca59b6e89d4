"""Leaderboards are computed now and then, not at each request."""

from celery import shared_task

from markets.analytics.leaderboards.standings import compute_all_standings
from opinion_market.kernel import clock


@shared_task(name="markets.compute_standings", ignore_result=True)  # type: ignore[untyped-decorator]
def compute_standings() -> int:
    """Compute the standings of every organization. Idempotent."""
    return compute_all_standings(now=clock.now())

"""Reward campaigns run by themselves."""

from celery import shared_task

from markets.rewards.rounds import purge_samples, run_campaigns
from opinion_market.kernel import clock


@shared_task(name="markets.run_reward_campaigns", ignore_result=True)  # type: ignore[untyped-decorator]
def run_reward_campaigns() -> int:
    """Start campaigns, score the books of this minute, pay hours that are over, finish. Idempotent."""
    return run_campaigns(now=clock.now())


@shared_task(name="markets.purge_reward_samples", ignore_result=True)  # type: ignore[untyped-decorator]
def purge_reward_samples() -> int:
    """Forget scores whose hours were decided a month ago."""
    return purge_samples(now=clock.now())

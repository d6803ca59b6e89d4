"""Figures of the exchange are summed up and forgotten by themselves."""

from celery import shared_task

from markets.performance import upkeep
from opinion_market.kernel import clock


@shared_task(name="markets.keep_exchange_figures", ignore_result=True)  # type: ignore[untyped-decorator]
def keep_exchange_figures() -> int:
    """Sum up minutes that have ended; seconds are kept for an hour, minutes for two weeks. Idempotent."""
    return upkeep.keep_exchange_figures(now=clock.now())

"""Markets open, close and pay when their time comes; evidence that was never given is dropped."""

from celery import shared_task

from markets.lifecycle import schedule
from markets.lifecycle.resolution import evidence
from opinion_market.kernel import clock


@shared_task(name="markets.run_schedule", ignore_result=True)  # type: ignore[untyped-decorator]
def run_schedule() -> int:
    """Open, close and pay the markets whose moment has come, however long ago. Idempotent.

    Trading heeds those moments by itself: the sequencer refuses orders outside of them.
    """
    return schedule.run_schedule(now=clock.now())


@shared_task(name="markets.drop_forgotten_evidence", ignore_result=True)  # type: ignore[untyped-decorator]
def drop_forgotten_evidence() -> int:
    """Drop evidence that was added a day ago and never given with a step. Idempotent."""
    return evidence.drop_forgotten(now=clock.now())

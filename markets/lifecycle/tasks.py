"""Markets close when their time comes."""

from celery import shared_task

from markets.lifecycle import services as lifecycle
from opinion_market.kernel import clock


@shared_task(name="markets.close_due_markets", ignore_result=True)  # type: ignore[untyped-decorator]
def close_due_markets() -> int:
    """Close every market whose closing time has passed, however long ago. Idempotent.

    Trading has ended by itself at that time: the sequencer refuses later orders.
    """
    return lifecycle.close_due_markets(now=clock.now())

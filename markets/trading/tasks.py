"""Orders expire when their time comes."""

from celery import shared_task

from markets.trading.expiry import expire_due_orders as expire
from opinion_market.kernel import clock


@shared_task(name="markets.expire_due_orders", ignore_result=True)  # type: ignore[untyped-decorator]
def expire_due_orders() -> int:
    """Release what orders past their time still reserve. Idempotent."""
    return expire(now=clock.now())

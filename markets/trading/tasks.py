"""Orders expire when their time comes, and those of blocked accounts are cancelled."""

from celery import shared_task

from markets.trading import kill_switch
from markets.trading.expiry import expire_due_orders as expire
from opinion_market.kernel import clock


@shared_task(name="markets.expire_due_orders", ignore_result=True)  # type: ignore[untyped-decorator]
def expire_due_orders() -> int:
    """Release what orders past their time still reserve. Idempotent."""
    return expire(now=clock.now())


@shared_task(name="markets.finish_kill_switches", ignore_result=True)  # type: ignore[untyped-decorator]
def finish_kill_switches() -> int:
    """Cancel what blocked accounts still have open, where turning the switch was interrupted. Idempotent."""
    return kill_switch.finish_interrupted(now=clock.now())

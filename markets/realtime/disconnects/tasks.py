"""Orders of clients whose socket, or whose socket's process, is gone."""

from celery import shared_task

from markets.realtime.disconnects import services
from opinion_market.kernel import clock


@shared_task(name="markets.cancel_disconnected", ignore_result=True)  # type: ignore[untyped-decorator]
def cancel_disconnected() -> int:
    """Cancel the open orders of clients that dropped and did not come back in time. Idempotent."""
    return services.cancel_due(now=clock.now())

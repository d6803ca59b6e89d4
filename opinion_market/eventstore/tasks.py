"""Background work of the event store."""

from celery import shared_task

from opinion_market.eventstore import subscriptions
from opinion_market.kernel.clock import now

# Beat sends one every two seconds. A round that has much to do ends before the third is sent, so rounds cannot pile up.
INTERVAL_SECONDS = 2.0
_ROUND_SECONDS = 4.0


@shared_task(name="eventstore.run_subscriptions", expires=INTERVAL_SECONDS * 2)  # type: ignore[untyped-decorator]
def run_subscriptions() -> None:
    """Give new events to every subscription. May run twice at once: each subscription is handled by one process."""
    subscriptions.run_all(clock=now, seconds=_ROUND_SECONDS)

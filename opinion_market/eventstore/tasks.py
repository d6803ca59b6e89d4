"""Background work of the event store."""

from celery import shared_task

from opinion_market.eventstore import subscriptions
from opinion_market.kernel.clock import now

# Beat sends one every two seconds (see `settings.schedule`), and two may run at once. One that has much to do takes the
# time of two sendings, so that the queue does not grow while it works.
_ROUND_SECONDS = 4.0


@shared_task(name="eventstore.run_subscriptions")  # type: ignore[untyped-decorator]
def run_subscriptions() -> None:
    """Give new events to every subscription. May run twice at once: each subscription is handled by one process."""
    subscriptions.run_all(clock=now, seconds=_ROUND_SECONDS)

"""Background work of the event store."""

import time

from celery import shared_task

from opinion_market.eventstore import archiving, sealing, subscriptions
from opinion_market.kernel.clock import now

# Beat sends one every two seconds (see `settings.schedule`), and two may run at once. One that has much to do takes the
# time of two sendings, so that the queue does not grow while it works.
_ROUND_SECONDS = 4.0
# Celery ends a task after 300 s; what is left when this is over is the next run's.
_ARCHIVING_SECONDS = 200.0


@shared_task(name="eventstore.run_subscriptions")  # type: ignore[untyped-decorator]
def run_subscriptions() -> None:
    """Give new events to every subscription. May run twice at once: each subscription is handled by one process."""
    subscriptions.run_all(clock=now, seconds=_ROUND_SECONDS)


@shared_task(name="eventstore.seal_events", ignore_result=True)  # type: ignore[untyped-decorator]
def seal_events() -> None:
    """Seal what is new; a run makes up for those that were missed. May run twice at once: one of them seals."""
    sealing.seal_events(now=now())


@shared_task(name="eventstore.archive_events", ignore_result=True)  # type: ignore[untyped-decorator]
def archive_events() -> None:
    """Archive what is sealed and older than a year, file by file. Idempotent; may be killed at any moment."""
    at, deadline = now(), time.monotonic() + _ARCHIVING_SECONDS
    archiving.archive_events(before=at - archiving.RETAINED, now=at, may_go_on=lambda: time.monotonic() < deadline)

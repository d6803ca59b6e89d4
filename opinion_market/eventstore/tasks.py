"""Background work of the event store."""

import time
from uuid import UUID

from celery import shared_task

from opinion_market.eventstore import (
    archiving,
    command_queue,
    deliveries,
    processes,
    rebuilds,
    sealing,
    snapshot_policies,
    subscriptions,
)
from opinion_market.kernel.clock import now
from opinion_market.kernel.queue import send_task

# Beat sends one every two seconds (see `settings.schedule`), and two may run at once. One that has much to do takes the
# time of two sendings, so that the queue does not grow while it works.
_ROUND_SECONDS = 4.0
# Celery ends a task after 300 s; what is left when this is over is the next run's.
_ARCHIVING_SECONDS = 200.0
_DELIVERY_SECONDS = 20.0
_SNAPSHOT_SECONDS = 30.0


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


@shared_task(name="eventstore.continue_rebuilds")  # type: ignore[untyped-decorator]
def continue_rebuilds() -> None:
    """Go on with the rebuilds under way. May run twice at once: each rebuild's batch is one process's."""
    rebuilds.continue_all(clock=now, seconds=_ROUND_SECONDS)


@shared_task(name="eventstore.deliver_due")  # type: ignore[untyped-decorator]
def deliver_due() -> None:
    """Carry out event handlers' actions that are due. May run twice at once: each delivery is one process's."""
    deliveries.deliver_due(clock=now, seconds=_DELIVERY_SECONDS)


@shared_task(name="eventstore.take_due_snapshots")  # type: ignore[untyped-decorator]
def take_due_snapshots() -> None:
    """Snapshot streams whose newest snapshot is older than their kind's policy allows. Harmless to run twice."""
    snapshot_policies.take_due(now=now(), clock=now, seconds=_SNAPSHOT_SECONDS)


@shared_task(name="eventstore.run_command")  # type: ignore[untyped-decorator]
def run_command(command_id: str) -> None:
    """Carry out one accepted command. May come twice, or never: see `run_due_commands`."""
    command_queue.run(UUID(command_id), clock=now)


@shared_task(name="eventstore.run_due_commands")  # type: ignore[untyped-decorator]
def run_due_commands() -> None:
    """Carry out commands whose message was lost or whose process was killed, and those to be tried again."""
    command_queue.run_due(now=now(), clock=now)


def send_command(command_id: UUID) -> None:
    """Have a worker carry out a command soon."""
    send_task("eventstore.run_command", str(command_id))


@shared_task(name="eventstore.run_process")  # type: ignore[untyped-decorator]
def run_process(process_id: str) -> None:
    """Do the steps of a process that are due. May come twice, or never: see `run_due_processes`."""
    processes.run(UUID(process_id), clock=now)


@shared_task(name="eventstore.run_due_processes")  # type: ignore[untyped-decorator]
def run_due_processes() -> None:
    """Go on with processes whose message was lost or whose worker was killed, and those to be tried again."""
    processes.run_due(clock=now)


def send_process(process_id: UUID) -> None:
    """Have a worker go on with a process soon."""
    send_task("eventstore.run_process", str(process_id))

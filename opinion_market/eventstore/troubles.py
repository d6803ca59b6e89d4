"""What goes wrong in the background and waits for a person. Each question is answered by a few rows of an index."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from opinion_market.eventstore.models import EventHandler, Process, QueuedCommand, Seal

# Seals are made every hour.
SEALED_WITHIN = timedelta(hours=2)


def stuck_processes(organizations: Collection[UUID] | None) -> int:
    """Processes that can neither go on nor be undone. `organizations`: None sees everything."""
    stuck = Process.objects.filter(state=Process.State.STUCK)
    return (stuck if organizations is None else stuck.filter(organization_id__in=organizations)).count()


def handlers_given_up(organizations: Collection[UUID] | None) -> int:
    """Event handlers that the platform disabled because their deliveries failed. `organizations`: None sees everything."""
    disabled = EventHandler.objects.filter(is_active=False).exclude(disabled_reason="")
    return (disabled if organizations is None else disabled.filter(organization_id__in=organizations)).count()


def overdue_commands(*, now: datetime, after: timedelta) -> int:
    """Commands that should have been carried out longer ago than `after`, of everybody."""
    waiting = QueuedCommand.objects.filter(
        state__in=[QueuedCommand.State.QUEUED, QueuedCommand.State.RUNNING], due_at__lt=now - after
    )
    return waiting.count()


def unsealed_since(*, now: datetime) -> datetime | None:
    """When the oldest event without a seal was recorded, if that is longer ago than SEALED_WITHIN; else None."""
    last = Seal.objects.order_by("-number").values_list("last_transaction_id", "last_position").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recorded_at FROM eventstore_event WHERE (transaction_id, position) > (%s, %s) "
            "ORDER BY transaction_id, position LIMIT 1",
            last or (0, 0),
        )
        oldest = cursor.fetchone()
    return oldest[0] if oldest and oldest[0] < now - SEALED_WITHIN else None

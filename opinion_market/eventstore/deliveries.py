"""Carrying out event handlers' actions: tried again with growing pauses, given up in the end, all of it in the log.

At least once: a webhook whose answer was lost is sent again, with the same delivery id. What writes to the database alone is done
exactly once, in the transaction that records it.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from opinion_market.eventstore import handler_actions, handlers
from opinion_market.eventstore.handler_actions import Action, Occasion
from opinion_market.eventstore.models import Delivery, EventHandler
from opinion_market.eventstore.read import event_at
from opinion_market.kernel.errors import DomainError

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
# Deliveries given up in a row after which a handler is disabled.
DISABLE_AFTER = 5
_LEASE = timedelta(minutes=10)
_FIRST_PAUSE_S = 5
_LONGEST_PAUSE = timedelta(hours=1)
_ANSWER_LENGTH = 300
State = Delivery.State


def deliver_due(*, clock: Callable[[], datetime], seconds: float, most: int = 200) -> int:
    """Carry out deliveries that are due, for about so long; how many were attempted."""
    deadline = time.monotonic() + seconds
    due = Delivery.objects.filter(state=State.PENDING, due_at__lte=clock(), handler__is_active=True)
    attempted = 0
    for delivery_id in list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:most]):
        if time.monotonic() >= deadline:
            break
        attempted += deliver(delivery_id, clock=clock)
    return attempted


def deliver(delivery_id: int, *, clock: Callable[[], datetime]) -> bool:
    """One attempt; False if it is not due or another process has it. Not inside a transaction: it may use the network."""
    delivery = _claim(delivery_id, now=clock())
    if delivery is None:
        return False
    try:
        handler = delivery.handler
        action = handler_actions.named(handler.action)
        occasion = Occasion(
            handler=handler,
            delivery=delivery,
            event=event_at(delivery.event_position),
            settings=handler_actions.parsed_settings(action, handler.settings),
            now=clock(),
        )
        _perform(action, occasion, clock)
    except (DomainError, OSError) as refused:
        _failed(delivery, f"{type(refused).__name__}: {refused}", now=clock())
    except Exception as error:  # the edge of a background process: other handlers must not wait for this one
        log.exception("Delivery %s failed", delivery.pk)
        _failed(delivery, type(error).__name__, now=clock())
    return True


@transaction.atomic
def _claim(delivery_id: int, *, now: datetime) -> Delivery | None:
    free = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("handler")
    delivery = free.filter(pk=delivery_id, state=State.PENDING, due_at__lte=now, handler__is_active=True).first()
    if delivery is None:
        return None
    delivery.due_at = now + _LEASE
    delivery.attempts += 1
    delivery.save(update_fields=["due_at", "attempts"])
    return delivery


def _perform(action: Action, occasion: Occasion, clock: Callable[[], datetime]) -> None:
    if not action.is_transactional:
        answer = action.perform(occasion)
        _succeeded(occasion.delivery, answer, now=clock())
        return
    with transaction.atomic():
        if _is_ours(occasion.delivery):
            _succeeded(occasion.delivery, action.perform(occasion), now=occasion.now)


def _is_ours(delivery: Delivery) -> bool:
    held = Delivery.objects.select_for_update(of=("self",))
    return held.filter(pk=delivery.pk, state=State.PENDING, attempts=delivery.attempts).exists()


@transaction.atomic
def _succeeded(delivery: Delivery, answer: str, *, now: datetime) -> None:
    if not _is_ours(delivery):
        return
    delivery.state, delivery.finished_at, delivery.answer = State.SUCCEEDED, now, answer[:_ANSWER_LENGTH]
    delivery.save(update_fields=["state", "finished_at", "answer"])
    EventHandler.objects.filter(pk=delivery.handler_id, failures__gt=0).update(failures=0)


@transaction.atomic
def _failed(delivery: Delivery, told: str, *, now: datetime) -> None:
    """Let it be tried again after 5, 10, 20 … seconds, or give it up. Locks: the delivery, then the handler."""
    if not _is_ours(delivery):
        return
    delivery.answer = told[:_ANSWER_LENGTH]
    if delivery.attempts < MOST_ATTEMPTS:
        delivery.due_at = now + min(timedelta(seconds=_FIRST_PAUSE_S * 2 ** (delivery.attempts - 1)), _LONGEST_PAUSE)
    else:
        delivery.state, delivery.finished_at = State.FAILED, now
        _count_failure(delivery, now=now)
    delivery.save(update_fields=["state", "finished_at", "answer", "due_at"])


def _count_failure(delivery: Delivery, *, now: datetime) -> None:
    handler = EventHandler.objects.select_for_update(of=("self",)).get(pk=delivery.handler_id)
    handler.failures += 1
    if handler.failures >= DISABLE_AFTER and handler.is_active:
        handler.is_active = False
        handler.disabled_reason = f"{handler.failures} deliveries in a row were given up."
        handlers.record(
            handler, "EventHandlerDisabled", {"given_up_in_a_row": handler.failures}, actor_id=None, now=now
        )
    handler.save(update_fields=["failures", "is_active", "disabled_reason"])


@transaction.atomic
def try_again(*, delivery: Delivery, now: datetime) -> None:
    """Have a delivery that was given up tried again, from the first attempt on. Locks: its row."""
    Delivery.objects.filter(pk=delivery.pk, state=State.FAILED).update(
        state=State.PENDING, attempts=0, due_at=now, finished_at=None
    )

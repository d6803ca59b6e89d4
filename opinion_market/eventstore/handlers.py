"""Event handlers: configured by staff, fed by a subscription. Authorisation is the caller's (`governance.audit.handlers`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from pydantic import Field

from opinion_market.eventstore import command_queue, commands, handler_actions
from opinion_market.eventstore.append import NewEvent, append, metadata
from opinion_market.eventstore.commands import CommandInput
from opinion_market.eventstore.errors import HandlerNotFound, InvalidHandler
from opinion_market.eventstore.handler_actions import Action, Occasion
from opinion_market.eventstore.models import Delivery, EventHandler, QueuedCommand
from opinion_market.eventstore.read import RecordedEvent
from opinion_market.eventstore.subscriptions import Subscription
from opinion_market.kernel.clock import now as present
from opinion_market.kernel.errors import NotPermitted

CHANGEABLE = frozenset({"name", "event_type", "filter", "settings", "is_active"})
_FROM_EVENT = "$event."


def matches(handler: EventHandler, event: RecordedEvent) -> bool:
    """Whether the event is one for this handler. Nothing that was recorded before the handler was made is."""
    return (
        event.type == handler.event_type
        and handler.organization_id in {None, event.organization_id}
        and event.recorded_at >= handler.created_at
        and all(name in event.data and event.data[name] == value for name, value in handler.filter.items())
    )


def note_deliveries(events: Sequence[RecordedEvent]) -> None:
    """Subscription: note each event for each handler it is for, in the transaction that moves the checkpoint."""
    handlers = list(EventHandler.objects.filter(is_active=True, event_type__in={event.type for event in events}))
    if not handlers:
        return
    wanted = [(handler, event) for event in events for handler in handlers if matches(handler, event)]
    caused = _caused_by_handlers([event for _, event in wanted])
    now = present()
    Delivery.objects.bulk_create(
        [
            Delivery(handler=handler, event_position=event.position, event_type=event.type, created_at=now, due_at=now)
            for handler, event in wanted
            if event.position not in caused
        ],
        ignore_conflicts=True,
    )


def _caused_by_handlers(events: Collection[RecordedEvent]) -> set[int]:
    """Positions of events that a handler's own command appended: they start no handler, so that none runs in circles."""
    by_command: dict[UUID, list[int]] = {}
    for event in events:
        try:
            by_command.setdefault(UUID(str(event.metadata.get("correlation_id"))), []).append(event.position)
        except ValueError:
            continue
    given = QueuedCommand.objects.filter(pk__in=by_command, delivery_id__isnull=False).values_list("pk", flat=True)
    return {position for command in given for position in by_command[command]}


def handled_types() -> list[str]:
    """Types that some active handler is for. One query."""
    return list(EventHandler.objects.filter(is_active=True).order_by().values_list("event_type", flat=True).distinct())


# Without handlers no event is read, only passed by.
HANDLERS = Subscription("event_handlers", note_deliveries, current_types=handled_types)


def create(
    *,
    actor_id: UUID,
    organization_id: UUID | None,
    name: str,
    event_type: str,
    action: str,
    settings: Mapping[str, Any],
    filter: Mapping[str, Any],
    now: datetime,
) -> EventHandler:
    """Raises InvalidHandler, UnsafeAddress, and what the action's check raises. Appends: EventHandlerCreated.

    The check may look a name up in the network, so it stands before the transaction.
    """
    handler = EventHandler(
        name=name.strip(),
        organization_id=organization_id,
        event_type=event_type,
        action=action,
        settings=dict(settings),
        filter=dict(filter),
        created_by=actor_id,
        created_at=now,
        updated_at=now,
    )
    _check(handler)
    with transaction.atomic():
        handler.save(force_insert=True)
        data = {"event_type": event_type, "action": action}
        record(handler, "EventHandlerCreated", data, actor_id=actor_id, now=now)
    return handler


def change(*, actor_id: UUID, handler_id: UUID, changes: Mapping[str, Any], now: datetime) -> EventHandler:
    """Change some of CHANGEABLE; enabling it forgets its failures. Its actions are done in the changer's name from now on.

    Locks: its row. Raises HandlerNotFound, InvalidHandler. Appends: EventHandlerChanged.
    """
    if unknown := set(changes) - CHANGEABLE:
        raise InvalidHandler(f"These cannot be changed: {', '.join(sorted(unknown))}.")
    _check(_changed(EventHandler.objects.filter(pk=handler_id).first(), changes, actor_id, now))
    with transaction.atomic():
        locked = EventHandler.objects.select_for_update(of=("self",)).filter(pk=handler_id).first()
        handler = _changed(locked, changes, actor_id, now)
        handler.save()
        data = {"changed": sorted(changes), "is_active": handler.is_active}
        record(handler, "EventHandlerChanged", data, actor_id=actor_id, now=now)
    return handler


def _changed(handler: EventHandler | None, changes: Mapping[str, Any], actor_id: UUID, now: datetime) -> EventHandler:
    """Raises HandlerNotFound for None."""
    if handler is None:
        raise HandlerNotFound
    for field, value in changes.items():
        setattr(handler, field, value)
    if changes.get("is_active"):
        handler.failures, handler.disabled_reason = 0, ""
    handler.created_by, handler.updated_at = actor_id, now
    return handler


def _check(handler: EventHandler) -> None:
    if not handler.name or not handler.event_type:
        raise InvalidHandler("A handler has a name and the type of the events it is for.")
    if not all(value is None or isinstance(value, str | int | bool) for value in handler.filter.values()):
        raise InvalidHandler("A filter compares fields with texts, integers, booleans or null.")
    action = handler_actions.named(handler.action)
    action.check(handler_actions.parsed_settings(action, handler.settings), handler.created_by)


def record(
    handler: EventHandler, type: str, data: Mapping[str, object], *, actor_id: UUID | None, now: datetime
) -> None:
    """Append to the handler's stream, in the caller's transaction."""
    organization = str(handler.organization_id) if handler.organization_id else None
    who = metadata(actor=str(actor_id) if actor_id else None, organization=organization)
    append(stream=f"handler-{handler.pk}", expected_version=None, events=[NewEvent(type, data, now, metadata=who)])


class GiveCommandSettings(CommandInput):
    command: str
    input: Annotated[
        dict[str, Any], Field(description='Texts such as "$event.data.market" stand for what the event says.')
    ] = {}


def filled_in(value: Any, event: RecordedEvent) -> Any:
    """The template with every `$event.…` text replaced. Raises InvalidHandler for what the event does not have."""
    if isinstance(value, dict):
        return {name: filled_in(item, event) for name, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item, event) for item in value]
    if not isinstance(value, str) or not value.startswith(_FROM_EVENT):
        return value
    identifier = event.stream.partition("-")[2]
    found: Any = {
        "data": event.data, "metadata": event.metadata, "stream": event.stream, "type": event.type, "id": identifier,
        "version": event.version,
    }  # fmt: skip
    for part in value.removeprefix(_FROM_EVENT).split("."):
        if not isinstance(found, dict) or part not in found:
            raise InvalidHandler(f"The event has no {value.removeprefix('$')}.")
        found = found[part]
    return found


def _give(occasion: Occasion) -> str:
    """Store the command, to be carried out in the name of who configured the handler. Raises UnknownCommand, InvalidCommand."""
    command = commands.named(occasion.settings.command)
    given = commands.parse(command, filled_in(occasion.settings.input, occasion.event))
    row = command_queue.accept(
        command=command,
        actor_id=occasion.handler.created_by,
        input=given,
        now=occasion.now,
        delivery_id=occasion.delivery.pk,
    )
    return f"command {row.pk}"


def _check_command(given: GiveCommandSettings, actor_id: UUID) -> None:
    """Raises UnknownCommand, NotPermitted."""
    actor = get_user_model()._default_manager.filter(pk=actor_id, is_active=True).first()
    if actor is None:
        raise NotPermitted
    commands.authorise(actor, commands.named(given.command))


GIVE_COMMAND = Action(
    "command",
    "Give a command, in the name of who configured the handler.",
    GiveCommandSettings,
    _give,
    _check_command,
    is_transactional=True,
)

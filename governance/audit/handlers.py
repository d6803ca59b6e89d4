"""Who may configure event handlers, and the action that only governance has: an entry in the audit trail.

A handler sees the events of its organization, so it takes `system.audit` beside `system.config` there; one for all
organizations takes a superuser.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from auditlog.models import LogEntry
from django.db.models import QuerySet
from pydantic import Field

from governance.access.policies import Access, access_of, require
from governance.identity.models import User
from opinion_market.eventstore import handlers
from opinion_market.eventstore.commands import CommandInput
from opinion_market.eventstore.errors import HandlerNotFound
from opinion_market.eventstore.handler_actions import Action, Occasion
from opinion_market.eventstore.models import EventHandler
from opinion_market.kernel.errors import NotPermitted

CONFIG, AUDIT = "system.config", "system.audit"


def require_may_configure(actor: User, organization_id: UUID | None) -> None:
    """Raises NotPermitted, PermissionMissing."""
    if organization_id is None:
        if not (actor.is_active and actor.is_superuser):
            raise NotPermitted("A handler for all organizations takes a superuser.")
        return
    require(actor, CONFIG, organization_id)
    require(actor, AUDIT, organization_id)


def handlers_visible_to(held: Access) -> QuerySet[EventHandler]:
    """Handlers of the organizations in which both permissions are held; all for superusers."""
    if held.everything:
        return EventHandler.objects.all()
    theirs = [each for each in held.roles if held.has(CONFIG, each) and held.has(AUDIT, each)]
    return EventHandler.objects.filter(organization_id__in=theirs)


def create_handler(*, actor: User, organization_id: UUID | None, now: datetime, **values: Any) -> EventHandler:
    """Configure a handler. Raises NotPermitted, InvalidHandler, UnsafeAddress. Appends: EventHandlerCreated."""
    require_may_configure(actor, organization_id)
    return handlers.create(actor_id=actor.pk, organization_id=organization_id, now=now, **values)


def change_handler(*, actor: User, handler_id: UUID, changes: Mapping[str, Any], now: datetime) -> EventHandler:
    """Change, enable or disable a handler. Raises HandlerNotFound, NotPermitted, InvalidHandler."""
    found = handlers_visible_to(access_of(actor)).filter(pk=handler_id).first()
    if found is None:
        raise HandlerNotFound(handler=str(handler_id))
    return handlers.change(actor_id=actor.pk, handler_id=handler_id, changes=changes, now=now)


class AuditEntrySettings(CommandInput):
    note: Annotated[str, Field(min_length=1, max_length=200, description="What the entry says.")]


def _write_entry(occasion: Occasion) -> str:
    """An entry about the handler, shown to auditors of its organization."""
    entry: LogEntry = LogEntry.objects.log_create(
        occasion.handler,
        force_log=True,
        action=LogEntry.Action.ACCESS,
        changes={
            "deed": ["", occasion.settings.note],
            "event": ["", f"{occasion.event.type} in {occasion.event.stream} #{occasion.event.version}"],
        },
        additional_data={
            "organization_id": str(occasion.event.organization_id) if occasion.event.organization_id else None
        },
    )
    return f"entry {entry.pk}"


def _accept_any(given: AuditEntrySettings, actor_id: UUID) -> None:
    """Every note will do."""


AUDIT_ENTRY = Action(
    "audit_entry",
    "Write an entry into the audit trail.",
    AuditEntrySettings,
    _write_entry,
    _accept_any,
    is_transactional=True,
)

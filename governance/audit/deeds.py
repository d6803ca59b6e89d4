"""Deeds in the audit trail: what somebody did to a thing and why, beside the changes to rows that are kept by themselves."""

from uuid import UUID

from auditlog.models import LogEntry
from django.db.models import Model

from governance.identity.models import User


def record_deed(*, actor: User, target: Model, organization_id: UUID | None, deed: str, reason: str) -> LogEntry:
    """Write to the audit trail that the actor did this to the target, and the reason they gave.

    What belongs to no organization is shown to superusers alone.
    """
    entry: LogEntry = LogEntry.objects.log_create(
        target,
        force_log=True,
        action=LogEntry.Action.UPDATE,
        actor=actor,
        changes={"deed": ["", deed], "reason": ["", reason]},
        additional_data={"organization_id": str(organization_id) if organization_id else None},
    )
    return entry

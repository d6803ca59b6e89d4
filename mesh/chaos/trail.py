"""What people did to experiments, in the audit trail beside everybody else's deeds."""

from auditlog.models import LogEntry
from django.db.models import Model

from governance.identity.models import User


def told(*, actor: User, target: Model, deed: str, reason: str) -> None:
    """Write that the actor did this to the target, and why."""
    LogEntry.objects.log_create(
        target,
        force_log=True,
        action=LogEntry.Action.UPDATE,
        actor=actor,
        changes={"deed": ["", deed], "reason": ["", reason]},
    )

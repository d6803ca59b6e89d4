"""What the audit trail records, and who it names.

Every change to people, keys, tenants and memberships. Secrets are left out; of personal data the trail tells that it
changed, not what it was. The actor is the request's user, however they signed in; REST framework puts the user it
authenticated on the request itself, so asking at the moment of writing is right for sessions, keys and tokens alike.
"""

from ipaddress import ip_address
from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.db.models.signals import pre_save

from governance.audit.middleware import current_request
from governance.identity.models import ApiKey, User
from governance.organizations.models import Membership, Organization

PERSONAL = ["email", "first_name", "last_name", "display_name"]


def hidden(value: str) -> str:
    """Stands for any value; empty stays empty, so that setting and clearing can be told apart."""
    return "***" if value and value != "None" else ""


def name_actor(sender: type[LogEntry], instance: Any, **kwargs: object) -> None:
    """Fill in who acted and from which address. Work outside of requests (commands, tasks) has no actor."""
    request = current_request()
    if request is None or instance.actor_id is not None:
        return
    user = getattr(request, "user", None)
    if isinstance(user, User):
        instance.actor_id = user.pk
        instance.remote_addr = client_address(request.META)


def client_address(meta: dict[str, Any]) -> str | None:
    """The address the front proxy saw: the last entry of X-Forwarded-For; what a client wrote before it is not believed."""
    forwarded = str(meta.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded or str(meta.get("REMOTE_ADDR", ""))))
    except ValueError:  # a unix socket has no address, and a client without our proxy may write anything
        return None


def begin() -> None:
    """Register the models and the receiver; called once, when all models are there."""
    mask = f"{__name__}.{hidden.__name__}"
    auditlog.register(
        User,
        exclude_fields=["last_login"],
        mask_fields=["password", *PERSONAL],
        mask_callable=mask,
        m2m_fields={"groups", "user_permissions"},
    )
    auditlog.register(ApiKey, exclude_fields=["secret_hash", "last_used_at"])
    auditlog.register(Organization)
    auditlog.register(Membership)
    pre_save.connect(name_actor, sender=LogEntry, dispatch_uid="governance.audit.name_actor")

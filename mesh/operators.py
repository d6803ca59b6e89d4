"""Who may see and change the mesh: it carries every tenant's traffic, so no tenant's role reaches it."""

from governance.access.errors import PermissionMissing
from governance.access.policies import Caller, access_of

# What views declare; `require_operator` then asks for the platform's own rights.
OPERATE = "system.admin"


def is_operator(caller: Caller) -> bool:
    """Whether the caller runs the platform (a superuser)."""
    return access_of(caller).everything


def require_operator(caller: Caller) -> None:
    """Raises PermissionMissing (403) unless the caller runs the platform."""
    if not is_operator(caller):
        raise PermissionMissing("Only those who run the platform may see and change its mesh.", permission=OPERATE)

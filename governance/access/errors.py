"""What is refused for want of permission."""

from opinion_market.kernel.errors import NotPermitted


class PermissionMissing(NotPermitted):
    """Your role in the organization does not grant this; `data.permission` names what is missing."""

    code = "permission_missing"
    title = "Your role does not grant this."

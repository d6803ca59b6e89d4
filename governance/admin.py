"""What Django finds of governance: an explicit list over its subpackages. Nobody inside the project imports from here."""

from governance.access.admin import GroupObjectPermissionAdmin, UserObjectPermissionAdmin
from governance.audit.admin import LogEntryAdmin
from governance.audit.event_store_admin import EventAdmin, StreamAdmin, SubscriptionAdmin
from governance.audit.seal_admin import ArchiveAdmin, SealAdmin
from governance.identity.admin import ApiKeyAdmin, UserAdmin
from governance.organizations.admin import OrganizationAdmin

__all__ = [
    "ApiKeyAdmin",
    "ArchiveAdmin",
    "EventAdmin",
    "GroupObjectPermissionAdmin",
    "LogEntryAdmin",
    "OrganizationAdmin",
    "SealAdmin",
    "StreamAdmin",
    "SubscriptionAdmin",
    "UserAdmin",
    "UserObjectPermissionAdmin",
]

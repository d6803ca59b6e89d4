"""What Django finds of governance: an explicit list over its subpackages. Nobody inside the project imports from here."""

from governance.access.admin import GroupObjectPermissionAdmin, UserObjectPermissionAdmin
from governance.audit.admin import LogEntryAdmin
from governance.audit.command_admin import CommandAdmin, ProcessAdmin
from governance.audit.event_store_admin import EventAdmin, StreamAdmin
from governance.audit.handler_admin import EventHandlerAdmin
from governance.audit.seal_admin import ArchiveAdmin, SealAdmin
from governance.audit.upkeep_admin import SnapshotPolicyAdmin, SubscriptionAdmin
from governance.identity.admin import ApiKeyAdmin, UserAdmin
from governance.organizations.admin import OrganizationAdmin

__all__ = [
    "ApiKeyAdmin",
    "ArchiveAdmin",
    "CommandAdmin",
    "EventAdmin",
    "EventHandlerAdmin",
    "GroupObjectPermissionAdmin",
    "LogEntryAdmin",
    "OrganizationAdmin",
    "ProcessAdmin",
    "SealAdmin",
    "SnapshotPolicyAdmin",
    "StreamAdmin",
    "SubscriptionAdmin",
    "UserAdmin",
    "UserObjectPermissionAdmin",
]

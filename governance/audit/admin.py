"""The audit trail in the console: read-only for everybody."""

from typing import Any
from uuid import UUID

from auditlog.admin import LogEntryAdmin as AuditlogLogEntryAdmin
from auditlog.models import LogEntry
from django.contrib import admin
from django.db.models import QuerySet
from unfold.admin import ModelAdmin

from governance.access.console import CatalogueAdminMixin

admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class LogEntryAdmin(CatalogueAdminMixin, AuditlogLogEntryAdmin, ModelAdmin):  # type: ignore[misc]
    """Auditors see what concerns their organizations: entries say so in `additional_data.organization_id`."""

    view_permission = "system.audit"
    list_filter = ("action", "content_type")
    search_fields = ("object_pk", "object_repr", "actor__username", "cid")

    def of_organizations(self, organization_ids: list[UUID]) -> QuerySet[Any]:
        entries: QuerySet[Any] = LogEntry.objects.filter(
            additional_data__organization_id__in=list(map(str, organization_ids))
        )
        return entries

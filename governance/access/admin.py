"""Rights on single objects (django-guardian), for superusers."""

from django.contrib import admin
from guardian.models import GroupObjectPermission, UserObjectPermission
from unfold.admin import ModelAdmin

from governance.access.console import SUPERUSER, CatalogueAdminMixin


class _ObjectPermissionAdmin(CatalogueAdminMixin, ModelAdmin):  # type: ignore[misc]
    view_permission = SUPERUSER
    delete_permission = SUPERUSER
    organization_lookup = None
    list_filter = ("content_type",)
    list_select_related = ("permission__content_type", "content_type")
    search_fields = ("object_pk", "permission__codename")


@admin.register(UserObjectPermission)
class UserObjectPermissionAdmin(_ObjectPermissionAdmin):
    list_display = ("user", "permission", "content_type", "object_pk")


@admin.register(GroupObjectPermission)
class GroupObjectPermissionAdmin(_ObjectPermissionAdmin):
    list_display = ("group", "permission", "content_type", "object_pk")

"""django-guardian's pages about one object, for superusers only: whoever may change an object must not widen rights on it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from guardian.admin import GuardedModelAdminMixin


class GuardedAdminMixin(GuardedModelAdminMixin):
    """Adds "Object permissions" to a model's page in the console."""

    def obj_perms_manage_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._for_superusers(request, super().obj_perms_manage_view, *args, **kwargs)

    def obj_perms_manage_user_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._for_superusers(request, super().obj_perms_manage_user_view, *args, **kwargs)

    def obj_perms_manage_group_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._for_superusers(request, super().obj_perms_manage_group_view, *args, **kwargs)

    def _for_superusers(self, request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        response: HttpResponse = view(request, *args, **kwargs)
        return response

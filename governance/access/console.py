"""The catalogue in the console: a mixin for every admin page.

    class MarketAdmin(CatalogueAdminMixin, ModelAdmin):
        view_permission = "markets.read"
        change_permission = "markets.update"
        organization_lookup = "organization"

A page shows the rows of the organizations in which the user holds `view_permission`, and each right is checked in the
row's own organization. A right without a permission is nobody's, not even a superuser's: that is how history is made
read-only. Rows that belong to no organization (`organization_lookup = None`) are for superusers, as is what is marked
SUPERUSER. Entering the console at all takes `is_staff`; the site checks that.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from governance.access.per_request import access_for
from governance.access.policies import roles_granting
from opinion_market.kernel.errors import DomainError

SUPERUSER = "superuser"
_ANSWERS = "_governance_console_answers"


class RefusalsAsMessagesMixin:
    """Tells what a service refuses as a message above the form, where it would otherwise be an error page."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form, or the way back to it; what was refused has changed nothing."""
        try:
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        except DomainError as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(request.get_full_path())
        return response


class CatalogueAdminMixin(RefusalsAsMessagesMixin):
    """Permissions by the catalogue, rows by tenant, refusals as messages."""

    view_permission: ClassVar[str | None] = None
    add_permission: ClassVar[str | None] = None
    change_permission: ClassVar[str | None] = None
    delete_permission: ClassVar[str | None] = None
    # The way from a row to its organization, as in a filter; "pk" for organizations themselves.
    organization_lookup: ClassVar[str | None] = "organization"

    model: type[Model]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.permits(request, self.view_permission)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.permits(request, self.view_permission, obj)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.permits(request, self.add_permission)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.permits(request, self.change_permission, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.permits(request, self.delete_permission, obj)

    def permits(self, request: HttpRequest, permission: str | None, obj: Any = None) -> bool:
        """Whether the user holds the permission: somewhere, or in the organization of a row."""
        if permission is None:
            return False
        if access_for(request).everything:
            return True
        if permission == SUPERUSER or self.organization_lookup is None:
            return False
        held = self.organizations_with(request, permission)
        return bool(held) and (obj is None or self._belongs(request, permission, obj, held))

    def organizations_with(self, request: HttpRequest, permission: str) -> list[UUID]:
        """Ids of the organizations in which a user who is no superuser holds the permission."""
        granting = roles_granting(permission)
        return [organization for organization, role in access_for(request).roles.items() if role in granting]

    def of_organizations(self, organization_ids: list[UUID]) -> QuerySet[Any]:
        """The rows of these organizations. Pages whose rows tell their organization in another way override this."""
        rows = self.model._default_manager.all()
        return rows.filter(**{f"{self.organization_lookup}__in": organization_ids})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows the user may see."""
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        if access_for(request).everything:
            return rows
        if not self.permits(request, self.view_permission):
            return rows.none()
        visible = self.of_organizations(self.organizations_with(request, str(self.view_permission)))
        # A subquery, because a lookup over memberships would repeat rows in a join.
        return rows.filter(pk__in=visible.order_by().values("pk"))

    def _belongs(self, request: HttpRequest, permission: str, obj: Any, held: list[UUID]) -> bool:
        """One query per row and permission; a page asks the same several times."""
        answers: dict[tuple[object, str, object], bool] = getattr(request, _ANSWERS, {})
        question = (type(self), permission, obj.pk)
        if question not in answers:
            answers[question] = self.of_organizations(held).filter(pk=obj.pk).exists()
            setattr(request, _ANSWERS, answers)
        return answers[question]


class CatalogueInlineMixin(CatalogueAdminMixin):
    """The same for an inline, which is asked about its parent: rights are those in the parent's organization."""

    parent_model: type[Model]
    # The way from the parent to its organization.
    parent_lookup: ClassVar[str] = "pk"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.permits(request, self.add_permission, *args)

    def _belongs(self, request: HttpRequest, permission: str, obj: Any, held: list[UUID]) -> bool:
        rows = self.parent_model._default_manager.filter(pk=obj.pk, **{f"{self.parent_lookup}__in": held})
        return rows.exists()

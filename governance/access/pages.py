"""What the console's read-only pages share: pages of facts, lists that never count millions of rows, filters by tenant."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.views import ChangeList

from governance.access.console import CatalogueAdminMixin
from governance.access.per_request import access_for
from governance.identity.models import User
from governance.organizations.models import Organization

MOST_ROWS = 10_000

Function = TypeVar("Function", bound=Callable[..., Any])


def column(
    description: str, *, ordering: str | None = None, label: dict[str, str] | None = None
) -> Callable[[Function], Function]:
    """Name a list's column; `label` maps its values to the colours of a badge (info, success, warning, danger)."""

    def described(function: Function) -> Function:
        given = {"short_description": description, "admin_order_field": ordering, "label": label}
        for name, value in given.items():
            if value is not None:
                setattr(function, name, value)
        return function

    return described


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a page of facts; `link` leads to what the value names."""

    name: str
    value: object
    link: str = ""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A button above a list or a page. `tone`: "primary", "danger" or nothing; `refusal`: why it cannot be pressed now."""

    title: str
    link: str
    icon: str = ""
    tone: str = ""
    refusal: str = ""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to MOST_ROWS and no further, so that a list over millions of rows opens at once.

    Further rows are reached by narrowing the list, which is faster than leafing through it.
    """

    template_name = "console/pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        found: int = rows.order_by().values("pk")[: MOST_ROWS + 1].count()
        return found

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_ROWS)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than are counted."""
        return self._counted > MOST_ROWS


class OneCountChangeList(ChangeList):  # type: ignore[misc]
    """Counts once: what is not narrowed is its own total."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.has_active_filters and not self.query:
            self.full_result_count = self.result_count


class OrganizationFilter(DropdownFilter):  # type: ignore[misc]
    """By organization, offering those whose rows the user may see."""

    title = "organization"
    parameter_name = "organization"

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: CatalogueAdminMixin) -> None:
        self.page = model_admin
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: CatalogueAdminMixin) -> list[tuple[str, str]]:
        visible = visible_organizations(request, str(model_admin.view_permission))
        return [(str(pk), name) for pk, name in visible.order_by("name", "pk").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen:
            return queryset
        try:
            return queryset.filter(**{str(self.page.organization_lookup): chosen})
        except (ValueError, ValidationError):
            return queryset.none()


def visible_organizations(request: HttpRequest, permission: str) -> QuerySet[Organization]:
    """The organizations in which the user holds the permission; all for a superuser."""
    scope = organizations_in(request, permission)
    return Organization.objects.all() if scope is None else Organization.objects.filter(pk__in=scope)


def organizations_in(request: HttpRequest, permission: str) -> list[UUID] | None:
    """Ids of the organizations in which the user holds the permission; None, for a superuser, is all of them."""
    return access_for(request).organizations_with(permission)


def staff(request: HttpRequest) -> User:
    """The user at the console."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def rendered(page: Any, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
    """A page in the console's frame; `page` is the ModelAdmin it belongs to."""
    request.current_app = page.admin_site.name
    frame = {**page.admin_site.each_context(request), "opts": page.opts, "model_admin": page, "media": page.media}
    return TemplateResponse(request, template, {**frame, **context})


class ReadOnlyPage(CatalogueAdminMixin, ModelAdmin):  # type: ignore[misc]
    """A list and a page of facts that nobody can edit, whatever they post.

    Rows tell their organization through foreign keys, so the list is confined by a plain join; what a page can do goes
    through addresses of its own that call services.
    """

    page_template: ClassVar[str] = "console/facts.html"
    # What an empty list says of itself.
    empty_text: ClassVar[str] = ""
    change_list_template = "console/change_list.html"
    show_full_result_count = False
    # Facets count the whole table once per choice.
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    list_per_page = 50
    list_max_show_all = 0
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the organizations in which the user holds the page's permission."""
        rows: QuerySet[Any] = super(CatalogueAdminMixin, self).get_queryset(request)
        if access_for(request).everything:
            return rows
        if not self.permits(request, self.view_permission):
            return rows.none()
        return self.within(rows, self.organizations_with(request, str(self.view_permission)))

    def within(self, rows: QuerySet[Any], organization_ids: Sequence[UUID]) -> QuerySet[Any]:
        """Those of the rows that belong to these organizations."""
        return rows.filter(**{f"{self.organization_lookup}__in": organization_ids})

    def of_organizations(self, organization_ids: list[UUID]) -> QuerySet[Any]:
        return self.within(self.model._default_manager.all(), organization_ids)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one row. A POST is refused: there is nothing to save."""
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        row = self.row_or_none(request, object_id)
        if row is None:
            response: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return response
        context = {"title": str(row), "facts": self.facts(request, row), "row": row, **(extra_context or {})}
        return self.rendered(request, self.page_template, {**context, **self.page_context(request, row)})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's own history knows nothing of these rows: what happened to them is on their page."""
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
        )

    def row_or_none(self, request: HttpRequest, object_id: str) -> Any:
        """The row with this id if the user may see it."""
        row = self.get_object(request, unquote(object_id))
        return row if row is not None and self.has_view_permission(request, row) else None

    def rendered(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        """A page in the console's frame."""
        return rendered(self, request, template, context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the page's buttons above it."""
        context = {"page_links": self.list_links(request), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OneCountChangeList

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        """Buttons above the list."""
        return []

    def facts(self, request: HttpRequest, row: Any) -> Iterable[Fact]:
        """What the page says of the row."""
        return [Fact(str(field.verbose_name), getattr(row, field.name)) for field in self.opts.concrete_fields]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page's template needs beside the facts."""
        return {}

"""Export of a list as a file, for those who hold `bulk.export` where the rows belong. There is no import."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from import_export.admin import ExportMixin
from unfold.contrib.import_export.forms import ExportForm

from governance.access.pages import PageLink, ReadOnlyPage, organizations_in

MOST_EXPORTED = 100_000


class ExportedPage(ExportMixin, ReadOnlyPage):  # type: ignore[misc]
    """The list as it is filtered, confined to organizations in which the user may see it and may export.

    At most MOST_EXPORTED rows at once: a file is made in memory, and one process serves others meanwhile.
    """

    export_form_class = ExportForm
    import_export_change_list_template = "console/change_list.html"

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.permits(request, "bulk.export") and self.permits(request, self.view_permission)

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        if not self.has_export_permission(request):
            return []
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return [PageLink("Export", f"export/{query}", "download")]

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_export_queryset(request)
        scope = organizations_in(request, "bulk.export")
        return rows if scope is None else self.within(rows, scope)

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """The form that asks for the format, then the file."""
        if request.method == "POST" and self.has_export_permission(request):
            rows = self.get_export_queryset(request)
            if rows.order_by().values("pk")[: MOST_EXPORTED + 1].count() > MOST_EXPORTED:
                messages.error(request, f"That is more than {MOST_EXPORTED:,} rows. Narrow the list by filters first.")
                return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse = super().export_action(request)
        return response

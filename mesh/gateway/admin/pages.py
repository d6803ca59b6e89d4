"""What the gateway's pages share: operators only, and forms that ask before something is changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from governance.access.asking import DeedForm, Question, ask
from governance.access.console import SUPERUSER
from governance.access.pages import ReadOnlyPage

TRIED = "Envoy itself tries the whole configuration first; what it does not understand is refused, and nothing changes."


class GatewayPage(ReadOnlyPage):
    """A list and a page of the gateway, for those who run the platform."""

    view_permission = SUPERUSER
    organization_lookup = None
    # Names of deeds and the methods that serve them: at <id>/<name>/, or <name>/ if they are about no row.
    row_deeds: ClassVar[Mapping[str, str]] = {}
    list_deeds: ClassVar[Mapping[str, str]] = {}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        named = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"{name}/", wrap(getattr(self, method)), name=f"{named}_{name}")
            for name, method in self.list_deeds.items()
        ]
        own += [
            path(f"<path:object_id>/{name}/", wrap(getattr(self, method)), name=f"{named}_{name}")
            for name, method in self.row_deeds.items()
        ]
        return [*own, *super().get_urls()]

    def address(self, name: str, *arguments: object) -> str:
        """The address of one of this model's pages."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=arguments)

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row, for operators. Raises PermissionDenied, Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.row_or_none(request, object_id)
        if found is None:
            raise Http404
        return found

    def deed(
        self,
        request: HttpRequest,
        *,
        title: str,
        button: str,
        done: str,
        back: str,
        act: Callable[[forms.Form, Mapping[str, Any]], object],
        form: type[forms.Form] = DeedForm,
        initial: Mapping[str, Any] | None = None,
        consequences: Sequence[str] = (TRIED,),
        is_dangerous: bool = False,
    ) -> HttpResponse:
        """Ask with this form, then act on what it says."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = form(request.POST if request.method == "POST" else None, initial=dict(initial or {}))
        question = Question(
            title=title, button=button, consequences=consequences, done=done, back=back, is_dangerous=is_dangerous
        )
        return ask(request, page=self, question=question, form=asked, act=lambda given: act(asked, given))

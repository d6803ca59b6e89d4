"""The console's site. It is Django's default admin site, so `django.contrib.admin.site` is the same object."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.sites import UnfoldAdminSite

from opinion_market.console.dashboards.pages import addresses
from opinion_market.console.home import home
from opinion_market.console.sign_in import SignInForm
from opinion_market.kernel import clock


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """Only staff may enter; what they see there is decided by the catalogue."""

    site_title = "Opinion Market"
    site_header = "Opinion Market"
    index_title = "Home"
    index_template = "console/home.html"
    login_form = SignInForm
    login_template = "console/login.html"

    def get_urls(self) -> list[Any]:
        """The dashboards' addresses before the models'."""
        found: list[Any] = [*addresses(self.admin_view, self.each_context), *super().get_urls()]
        return found

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The live figures. The page asks for itself again every few seconds."""
        page: TemplateResponse = super().index(request, {**home(request, clock.now()), **(extra_context or {})})
        return page


site = admin.site

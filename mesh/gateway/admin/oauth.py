"""Programs that may ask people to act for them (OAuth 2 clients), in the console. Tokens and grants are nobody's to see."""

from django.http import HttpRequest
from unfold.admin import ModelAdmin

from governance.access.console import SUPERUSER, CatalogueAdminMixin


class ApplicationAdmin(CatalogueAdminMixin, ModelAdmin):  # type: ignore[misc]
    """OAuth 2 clients. The secret is shown once, in the form that makes it, and kept as a hash."""

    view_permission = SUPERUSER
    add_permission = SUPERUSER
    change_permission = SUPERUSER
    delete_permission = SUPERUSER
    organization_lookup = None
    list_display = ("name", "client_id", "client_type", "authorization_grant_type", "created")
    search_fields = ("name", "client_id")
    ordering = ("name", "pk")
    fields = (
        "name", "client_id", "client_secret", "client_type", "authorization_grant_type", "redirect_uris", "user",
        "skip_authorization",
    )  # fmt: skip
    autocomplete_fields = ("user",)

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return ("client_id", "client_secret", "client_type") if obj is not None else ()

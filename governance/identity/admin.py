"""People and API keys in the console."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from governance.access.asking import DeedForm, Question, ask
from governance.access.console import SUPERUSER, CatalogueAdminMixin, RefusalsAsMessagesMixin
from governance.identity import services
from governance.identity.models import ApiKey, User
from governance.identity.user_events import record_user_changed, record_user_created
from opinion_market.kernel import clock

# Roles in organizations take the place of Django's groups.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(CatalogueAdminMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg, misc]
    """Staff see the people of their organizations; only superusers change them. Nobody is deleted: trades need an owner."""

    view_permission = "participants.read"
    add_permission = SUPERUSER
    change_permission = SUPERUSER
    organization_lookup = "memberships__organization"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "display_name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "memberships__role")
    list_filter_submit = True
    search_fields = ("username", "display_name", "email")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("display_name", "first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Also append to the user's stream what the change means for their rights; the form's view is one transaction."""
        before = User.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        actor = request.user if isinstance(request.user, User) else None
        if before is None:
            record_user_created(actor=actor, user=obj, now=clock.now())
        else:
            record_user_changed(actor=actor, before=before, after=obj, now=clock.now())


@admin.register(ApiKey)
class ApiKeyAdmin(RefusalsAsMessagesMixin, ModelAdmin):  # type: ignore[misc]
    """Everybody in the console manages their own keys; superusers see and revoke all. The secret is shown once, on creation."""

    list_display = ("name", "prefix", "user", "shown_scope", "state", "created_at", "expires_at", "last_used_at")
    list_filter = ("scope",)
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    ordering = ("-created_at", "-id")
    readonly_fields = ("prefix", "user", "created_at", "last_used_at", "revoked_at", "revocation_reason")
    actions_detail = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys if request.user.is_superuser else keys.filter(user__pk=str(request.user.pk))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None or request.user.is_superuser or obj.user_id == request.user.pk

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return object_id is None or self.get_queryset(request).filter(pk=object_id, revoked_at=None).exists()

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return (
            ("name", "scope", "expires_at") if obj is None else ("name", "scope", "expires_at", *self.readonly_fields)
        )

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Only ever called to add; the text goes to `response_add` by way of the object, and nowhere else."""
        assert isinstance(request.user, User)  # noqa: S101 - the site admits staff only
        wanted = form.cleaned_data
        key, text = services.create_api_key(
            actor=request.user,
            name=wanted["name"],
            scope=wanted["scope"],
            expires_at=wanted["expires_at"],
            now=clock.now(),
        )
        obj.pk, obj.prefix, obj.user_id, obj.created_at = key.pk, key.prefix, key.user_id, key.created_at
        request.META[_SHOWN_ONCE] = text

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key in the answer itself: a redirect with a message would put it into a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"API key “{obj.name}”",
            "key": request.META.pop(_SHOWN_ONCE),
            "back": reverse("admin:governance_apikey_changelist"),
        }
        return TemplateResponse(request, "governance/api_key_created.html", context)

    @display(description="Scope", label={"read": "info", "trade": "warning", "admin": "danger"})  # type: ignore[untyped-decorator]
    def shown_scope(self, key: ApiKey) -> tuple[str, str]:
        return key.scope, key.get_scope_display()

    @display(description="State", label={"live": "success", "expired": "warning", "revoked": "danger"})  # type: ignore[untyped-decorator]
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= clock.now() else "live"

    @action(description="Revoke", permissions=["revoke"])  # type: ignore[untyped-decorator]
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.get_object(request, object_id)
        actor = request.user
        assert isinstance(actor, User)  # noqa: S101 - the site admits staff only
        question = Question(
            title="Revoke",
            button="Revoke",
            consequences=[f"Whoever uses “{key}” is refused from now on.", "This cannot be undone."],
            done="The key is revoked.",
            back=reverse("admin:governance_apikey_change", args=[object_id]),
            is_dangerous=True,
        )

        def act(given: Mapping[str, Any]) -> object:
            return services.revoke_api_key(
                actor=actor, api_key_id=UUID(object_id), now=clock.now(), reason=given["reason"]
            )

        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)


_SHOWN_ONCE = "governance.new_api_key"

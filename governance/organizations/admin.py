"""Organizations and their members in the console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from governance.access.console import SUPERUSER, CatalogueAdminMixin, CatalogueInlineMixin
from governance.access.guarded import GuardedAdminMixin
from governance.identity.models import User
from governance.organizations import services
from governance.organizations.models import Membership, Organization
from opinion_market.kernel import clock


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """The user of an existing membership is fixed: another person is another membership."""

    class Meta:
        model = Membership
        fields = ["user", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].disabled = not self.instance._state.adding


class MembershipInline(CatalogueInlineMixin, TabularInline):  # type: ignore[misc]
    view_permission = "participants.read"
    add_permission = "participants.update"
    change_permission = "participants.update"
    delete_permission = "participants.update"
    model = Membership
    form = MembershipForm
    autocomplete_fields = ("user",)
    fields = ("user", "role", "created_at")
    readonly_fields = ("created_at",)
    extra = 0
    tab = True


@admin.register(Organization)
class OrganizationAdmin(GuardedAdminMixin, CatalogueAdminMixin, ModelAdmin):  # type: ignore[misc]
    """Tenants. Superusers make them; whoever may update participants manages members, admins the roles."""

    view_permission = "participants.read"
    add_permission = SUPERUSER
    change_permission = "participants.update"
    organization_lookup = "pk"
    list_display = ("name", "slug", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> tuple[str, ...]:
        return ("name", "slug") if obj is None else ("name", "slug", "is_active", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        # The short name stands in addresses that others keep; closing a tenant is the platform's decision.
        fixed = ("slug", "created_at")
        return fixed if request.user.is_superuser else (*fixed, "name", "is_active")

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made = services.create_organization(actor=_staff(request), name=obj.name, slug=obj.slug, now=clock.now())
        obj.pk, obj.created_at = made.pk, made.created_at
        obj._state.adding = False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Members change through the services, which know the rules and append the events."""
        formset.save(commit=False)
        actor, organization_id, now = _staff(request), form.instance.pk, clock.now()
        for membership in formset.deleted_objects:
            services.remove_member(actor=actor, organization_id=organization_id, user_id=membership.user_id, now=now)
        for membership in formset.new_objects:
            services.add_member(
                actor=actor,
                organization_id=organization_id,
                user_id=membership.user_id,
                role=membership.role,
                now=now,
            )
        for membership, _ in formset.changed_objects:
            services.change_role(
                actor=actor,
                organization_id=organization_id,
                user_id=membership.user_id,
                role=membership.role,
                now=now,
            )


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the site admits staff only
    return request.user

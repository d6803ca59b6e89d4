"""Identity providers in the console, with the platform's own signing keys, and tokens that are no longer wanted."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from governance.access.pages import Fact, PageLink, column, staff
from mesh.gateway import selectors, services
from mesh.gateway.admin.forms import KeyForm, ProviderForm, RevocationForm, readable_keys
from mesh.gateway.admin.pages import GatewayPage
from mesh.gateway.models import BasicCredential, IdentityProvider
from mesh.gateway.signing import own_jwks
from opinion_market.kernel import clock


@admin.register(IdentityProvider)
class IdentityProviderAdmin(GatewayPage):
    """Who proves the identities of callers. A route names one of them, or none."""

    empty_text = "Routes without a provider let everybody through; the platform itself still asks who is calling."
    page_template = "console/gateway_provider.html"
    list_display = ("name", "shown_kind", "description", "used_by")
    list_filter = (("kind", ChoicesDropdownFilter),)
    search_fields = ("name", "description", "issuer")
    ordering = ("name",)
    list_deeds = {"new": "new_view", "keys": "keys_view", "rotate": "rotate_view"}
    row_deeds = {"edit": "edit_view", "remove": "remove_view", "revoke": "revoke_view"}

    def list_links(self, request: HttpRequest) -> list[PageLink]:
        return [
            PageLink("New provider", self.address("new"), "add"),
            PageLink("Signing keys", self.address("keys"), "key"),
        ]

    @column("Kind", ordering="kind")
    def shown_kind(self, provider: IdentityProvider) -> str:
        return provider.get_kind_display()

    @column("Routes")
    def used_by(self, provider: IdentityProvider) -> str:
        return ", ".join(provider.routes.values_list("name", flat=True)) or "–"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("routes")

    def facts(self, request: HttpRequest, row: IdentityProvider) -> list[Fact]:
        told = [Fact("Kind", row.get_kind_display()), Fact("Routes", self.used_by(row))]
        if row.kind == IdentityProvider.Kind.JWT:
            keys = readable_keys(own_jwks() if row.is_own_issuer else row.jwks)
            told += [
                Fact("Issuer", row.issuer),
                Fact("Audiences", ", ".join(row.audiences)),
                Fact("Keys", ", ".join(keys) or "none"),
                Fact("User from", row.user_claim),
                Fact("Organization from", row.organization_claim or "–"),
            ]
        if row.service:
            told += [Fact("Service", f"{row.service.mesh.name}/{row.service.name}"), Fact("Path", row.path)]
        return [*told, Fact("Timeout", f"{row.timeout_ms:,} ms"), Fact("Changed", row.updated_at)]

    def page_context(self, request: HttpRequest, row: IdentityProvider) -> dict[str, Any]:
        deeds = [PageLink("Change", self.address("edit", row.pk), "edit")]
        if row.kind == IdentityProvider.Kind.JWT:
            deeds.append(PageLink("Revoke a token", self.address("revoke", row.pk), "block"))
        used = "Routes authenticate with it." if row.routes.exists() else ""
        deeds.append(PageLink("Remove", self.address("remove", row.pk), "delete", "danger", refusal=used))
        return {
            "title": row.name,
            "deeds": deeds,
            "provider": row,
            "revoked": row.revoked.filter(expires_at__gt=clock.now()).order_by("-revoked_at")[:50],
        }

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """A new provider."""
        return self.deed(
            request,
            title="New identity provider",
            button="Make the provider",
            done="The provider is made; routes can name it.",
            back=self.address("changelist"),
            form=ProviderForm,
            act=lambda form, given: services.create_provider(
                actor=staff(request),
                values=form.values(),  # type: ignore[attr-defined]
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change a provider, its keys among other things."""
        row = self.row(request, object_id)
        told = {name: getattr(row, name) for name in ProviderForm.base_fields if hasattr(row, name)}
        return self.deed(
            request,
            title=f"Change {row.name}",
            button="Change",
            done="The provider is changed.",
            back=self.address("change", row.pk),
            form=ProviderForm,
            initial={**told, "audiences": "\n".join(row.audiences)},
            act=lambda form, given: services.change_provider(
                actor=staff(request),
                provider_id=row.pk,
                values=form.values(),  # type: ignore[attr-defined]
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refuse a token."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Revoke a token of {row.name}",
            button="Revoke",
            done="The token is refused from now on.",
            back=self.address("change", row.pk),
            form=RevocationForm,
            consequences=["Whoever presents a token with this id is refused. This cannot be undone."],
            is_dangerous=True,
            act=lambda form, given: services.revoke_jwt(
                actor=staff(request),
                provider_id=row.pk,
                jti=given["jti"],
                expires_at=given["expires_at"],
                reason=given["reason"],
                now=clock.now(),
            ),
        )

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Remove it."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Remove {row.name}",
            button="Remove",
            done="The provider is removed.",
            back=self.address("changelist"),
            is_dangerous=True,
            act=lambda form, given: services.remove_provider(
                actor=staff(request), provider_id=row.pk, reason=given["reason"], now=clock.now()
            ),
        )

    def keys_view(self, request: HttpRequest) -> HttpResponse:
        """The platform's own keys."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            "title": "Signing keys",
            "keys": selectors.signing_keys(staff(request)),
            "deeds": [PageLink("New key", self.address("rotate"), "autorenew", "primary")],
        }
        return self.rendered(request, "console/gateway_keys.html", context)

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        """Sign with a new key."""
        return self.deed(
            request,
            title="New signing key",
            button="Rotate",
            done="Tokens are signed with the new key.",
            back=self.address("keys"),
            form=KeyForm,
            consequences=["New tokens are signed with it at once. Tokens there are stay valid until they expire."],
            act=lambda form, given: services.rotate_signing_key(
                actor=staff(request), algorithm=given["algorithm"], reason=given["reason"], now=clock.now()
            ),
        )


@admin.register(BasicCredential)
class BasicCredentialAdmin(GatewayPage):
    """Names and passwords for Basic authentication. They are made over the API, whose answer alone holds the password."""

    empty_text = "Programs that know nothing but Basic get a generated name and password, over the API."
    list_display = ("username", "user", "description", "created_at", "shown_state")
    list_select_related = ("user",)
    search_fields = ("username", "description", "user__username")
    ordering = ("-created_at", "-id")
    page_template = "console/gateway_provider.html"
    row_deeds = {"revoke": "revoke_view"}

    @column("State", label={"live": "success", "revoked": ""})
    def shown_state(self, credential: BasicCredential) -> tuple[str, str]:
        return ("revoked", "Revoked") if credential.revoked_at else ("live", "Live")

    def facts(self, request: HttpRequest, row: BasicCredential) -> list[Fact]:
        return [
            Fact("Acts for", row.user),
            Fact("For what", row.description or "–"),
            Fact("Made", row.created_at),
            Fact("Revoked", row.revoked_at or "no"),
        ]

    def page_context(self, request: HttpRequest, row: BasicCredential) -> dict[str, Any]:
        revoke = PageLink("Revoke", self.address("revoke", row.pk), "block", "danger")
        return {"title": row.username, "deeds": [] if row.revoked_at else [revoke]}

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it."""
        row = self.row(request, object_id)
        return self.deed(
            request,
            title=f"Revoke {row.username}",
            button="Revoke",
            done="The credential is refused from now on.",
            back=self.address("change", row.pk),
            consequences=["The program that uses it is refused at once. This cannot be undone."],
            is_dangerous=True,
            act=lambda form, given: services.revoke_basic_credential(
                actor=staff(request), credential_id=row.pk, now=clock.now()
            ),
        )

"""The pages and documents of this platform as an OAuth 2 provider: authorization code with PKCE, introspection, keys."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_safe
from oauth2_provider.views import AuthorizationView

from mesh.gateway.models import SigningKey


class AuthorizePage(AuthorizationView):  # type: ignore[misc]
    """Asks the person who is signed in whether a program may act for them."""

    template_name = "oauth2_provider/authorize.html"
    login_url = reverse_lazy("pages:sign_in")

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        # The address holds the program's state; the answer holds a code.
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response


@require_safe
def metadata(request: HttpRequest) -> JsonResponse:
    """What a client needs to know of us (RFC 8414)."""
    at = {name: settings.PUBLIC_URL + reverse(f"oauth2_provider:{name}") for name in ("authorize", "token")}
    return JsonResponse(
        {
            "issuer": settings.PUBLIC_URL,
            "authorization_endpoint": at["authorize"],
            "token_endpoint": at["token"],
            "introspection_endpoint": settings.PUBLIC_URL + reverse("oauth2_provider:introspect"),
            "revocation_endpoint": settings.PUBLIC_URL + reverse("oauth2_provider:revoke-token"),
            "jwks_uri": settings.PUBLIC_URL + reverse("oauth2_provider:jwks"),
            "scopes_supported": list(settings.OAUTH2_SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        }
    )


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """The public keys that verify our tokens (RFC 7517)."""
    response = JsonResponse({"keys": list(SigningKey.objects.order_by("kid").values_list("public_jwk", flat=True))})
    response["Cache-Control"] = "public, max-age=60"
    return response

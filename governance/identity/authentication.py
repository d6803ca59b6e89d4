"""Three ways to say who is calling: an API key, a JSON web token, a browser session.

Wrong credentials are always refused (401), also where none are needed; an API key whose scope does not cover the request is
refused here too (403), before any permission class, so that no view can forget it.
"""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import Token

from governance.identity.errors import CsrfFailed, ScopeTooNarrow
from governance.identity.models import ApiKey, User
from governance.identity.services import KEY_MARK, recognise_api_key
from opinion_market.api.errors import InvalidCredentials
from opinion_market.kernel import clock

_BREADTH = {ApiKey.Scope.READ: 0, ApiKey.Scope.TRADE: 1, ApiKey.Scope.ADMIN: 2}


def required_scope(view: Any, method: str) -> str:
    """The scope a request needs: `read` to look, what the view declares as `required_scope` to change, `admin` otherwise.

    `required_scope` is one scope for all of the view's unsafe actions, or a mapping from action to scope.
    """
    if method in SAFE_METHODS:
        return ApiKey.Scope.READ
    declared = getattr(view, "required_scope", None)
    if isinstance(declared, dict):
        declared = declared.get(getattr(view, "action", None) or method.lower())
    return declared or ApiKey.Scope.ADMIN


def check_scope(key: ApiKey, required: str) -> None:
    """Raises ScopeTooNarrow unless the key's scope covers the one required."""
    if _BREADTH[ApiKey.Scope(key.scope)] < _BREADTH[ApiKey.Scope(required)]:
        raise ScopeTooNarrow(scope=key.scope, required=required)


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer om_...` or `X-API-Key: om_...`. `request.auth` is the `ApiKey`. One query."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        text = request.headers.get("X-API-Key")
        if text is None:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token.strip().startswith(KEY_MARK):
                return None
            text = token
        key = recognise_api_key(text.strip(), now=clock.now())
        if key is None:
            raise InvalidCredentials("The API key is unknown, expired or revoked, or its user is not active.")
        check_scope(key, required_scope((request.parser_context or {}).get("view"), str(request.method)))
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class JwtAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`. One query, for the user."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:  # type: ignore[override]
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidCredentials("The Authorization header must read: Bearer, a space, and a key or token.")
        try:
            token = self.get_validated_token(text.strip().encode())
            user = self.get_user(token)
        except exceptions.AuthenticationFailed:
            raise InvalidCredentials("The token is invalid or expired, or its user is not active.") from None
        return (user, token) if isinstance(user, User) else None


class SessionAuthentication(authentication.SessionAuthentication):
    """The console's session cookie; changes need the CSRF token."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as refused:
            raise CsrfFailed(str(refused.detail)) from None


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "An API key (`om_...`); may also be sent as `Authorization: Bearer om_...`. Scopes: read, trade, admin.",
        }


class JwtScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = JwtAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From `/api/v1/auth/token`."}


class SessionCookieScheme(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = SessionAuthentication  # type: ignore[assignment]
    name = "session"
    priority = 1

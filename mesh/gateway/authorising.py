"""Where the front door asks who is calling: API keys, OAuth 2 tokens, Basic credentials.

A middleware before all others, since the question comes with the host and headers of somebody else's request and needs none
of theirs. It answers 200 with the identity in headers, or 401. From outside it cannot be reached: every request that came
through the front door carries `X-OM-Front-Door`, which a client can neither leave out nor add, and is passed on to a 404.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from governance.identity.services import KEY_MARK, recognise_api_key
from governance.organizations.models import Membership
from mesh.gateway.models import BasicCredential, IdentityProvider
from mesh.gateway.oauth.tokens import live_token
from mesh.gateway.rendering.names import AUTHORISE_PATH, FRONT_DOOR, KEY, ORGANIZATION, SCOPE, USER
from mesh.gateway.signing import decode_basic, digest
from opinion_market.kernel import clock

_PREFIX = f"{AUTHORISE_PATH}/"
_FROM_OUTSIDE = f"HTTP_{FRONT_DOOR.upper().replace('-', '_')}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody proved to be; ids as text, empty where there is none."""

    user: str
    key: str = ""
    scope: str = ""


class AuthorisingMiddleware:
    """Answers the front door; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(_PREFIX) or _FROM_OUTSIDE in request.META:
            return self.get_response(request)
        return answer(request, request.path_info.removeprefix(_PREFIX), now=clock.now())


def answer(request: HttpRequest, provider: str, *, now: datetime) -> HttpResponse:
    """200 and the identity in headers, or 401 with what to send. Three queries."""
    kind = IdentityProvider.objects.filter(name=provider).values_list("kind", flat=True).first()
    identity = _identity(request, kind, now=now)
    if identity is None:
        refused = HttpResponse(status=401)
        refused["WWW-Authenticate"] = 'Basic realm="gateway"' if kind == "basic" else 'Bearer realm="gateway"'
        return refused
    accepted = HttpResponse(status=200)
    proved = {USER: identity.user, KEY: identity.key, SCOPE: identity.scope, ORGANIZATION: home_of(identity.user)}
    for name, value in proved.items():
        if value:
            accepted[name] = value
    return accepted


def home_of(user_id: str) -> str:
    """The organization a user's requests are counted for: the first active one they joined; empty without any."""
    joined = Membership.objects.filter(user_id=user_id, organization__is_active=True).order_by("created_at", "id")
    found = joined.values_list("organization_id", flat=True).first()
    return str(found) if found else ""


def _identity(request: HttpRequest, kind: str | None, *, now: datetime) -> Identity | None:
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    scheme, credentials = scheme.lower(), credentials.strip()
    if kind == IdentityProvider.Kind.API_KEY:
        text = request.META.get("HTTP_X_API_KEY") or (credentials if scheme == "bearer" else "")
        return _by_api_key(text, now)
    if kind == IdentityProvider.Kind.OAUTH2 and scheme == "bearer" and not credentials.startswith(KEY_MARK):
        token = live_token(credentials, now=now)
        return Identity(user=str(token.user_id), scope=token.scope) if token else None
    if kind == IdentityProvider.Kind.BASIC and scheme == "basic":
        return _by_password(credentials)
    return None


def _by_api_key(text: str, now: datetime) -> Identity | None:
    key = recognise_api_key(text.strip(), now=now)
    return Identity(user=str(key.user_id), key=str(key.pk), scope=key.scope) if key else None


def _by_password(text: str) -> Identity | None:
    given = decode_basic(text)
    if given is None:
        return None
    live = BasicCredential.objects.filter(username=given[0], revoked_at=None, user__is_active=True)
    found = live.only("user_id", "secret_hash").first()
    # Compared in constant time also where there is no such name.
    is_right = secrets.compare_digest(digest(given[1]), found.secret_hash if found else digest(""))
    return Identity(user=str(found.user_id), key=str(found.pk)) if found and is_right else None

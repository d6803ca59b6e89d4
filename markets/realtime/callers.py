"""Who is at the other end of a socket, by which credential, and whether both still hold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication

from governance.access.policies import Access, access_of
from governance.identity.models import ApiKey, User
from governance.identity.services import KEY_MARK, recognise_api_key
from governance.organizations.models import Membership
from opinion_market.api.errors import InvalidCredentials
from opinion_market.kernel import clock
from opinion_market.kernel.errors import NotPermitted

_IN_URL = {"token", "api_key", "access_token", "apikey", "key", "authorization"}


class CredentialsInUrl(NotPermitted):
    code = "credentials_in_url"
    title = "Credentials do not belong into an address, which is logged."


class ForeignOrigin(NotPermitted):
    code = "foreign_origin"
    title = "Another site may not open a socket with this site's session."


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller proved who they are with; all fields None for strangers. `password` is the user's stored hash then."""

    api_key_id: UUID | None = None
    session_key: str | None = None
    expires_at: datetime | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """A user (None: a stranger) and their roles as last looked up."""

    user: User | None
    access: Access
    credential: Credential = Credential()

    @property
    def user_id(self) -> UUID | None:
        return self.user.pk if self.user is not None else None


STRANGER = Caller(None, Access({}))


def caller_of_scope(scope: Mapping[str, Any]) -> Caller:
    """The caller of a handshake or request. Raises CredentialsInUrl, InvalidCredentials, ForeignOrigin."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    if _IN_URL & {name.lower() for name in query}:
        raise CredentialsInUrl
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if "x-api-key" in headers:
        return caller_by(headers["x-api-key"])
    if "authorization" in headers:
        scheme, _, text = headers["authorization"].partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidCredentials("The Authorization header must read: Bearer, a space, and a key or token.")
        return caller_by(text)
    caller = _caller_by_session(headers.get("cookie", ""))
    if caller.user is not None and scope["type"] == "websocket" and not _is_own(headers.get("origin"), headers):
        raise ForeignOrigin
    return caller


def caller_by(text: str) -> Caller:
    """The caller an API key or an access token stands for. Raises InvalidCredentials."""
    text = text.strip()
    if text.startswith(KEY_MARK):
        key = recognise_api_key(text, now=clock.now())
        if key is None:
            raise InvalidCredentials("The API key is unknown, expired or revoked, or its user is not active.")
        return Caller(key.user, access_of(key.user), Credential(api_key_id=key.pk))
    authentication = JWTAuthentication()
    try:
        token = authentication.get_validated_token(text.encode())
        user = authentication.get_user(token)
    except AuthenticationFailed:
        raise InvalidCredentials("The token is invalid or expired, or its user is not active.") from None
    if not isinstance(user, User):
        raise InvalidCredentials
    expires_at = clock.from_microseconds(int(token["exp"]) * 1_000_000)
    return Caller(user, access_of(user), Credential(expires_at=expires_at, password=user.password))


def _caller_by_session(cookies: str) -> Caller:
    """Strangers include those whose session has ended."""
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return STRANGER
    if morsel is None:
        return STRANGER
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return STRANGER
    return Caller(user, access_of(user), Credential(session_key=morsel.value, password=user.password))


def _is_own(origin: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a page of this site opened the socket: its origin names the host it was sent to, or the public address."""
    if origin is None:
        return False
    host = headers.get("host", "")
    return origin in {f"https://{host}", f"http://{host}", *settings.CSRF_TRUSTED_ORIGINS}


def looked_up_again(callers: Collection[Caller], *, now: datetime) -> dict[Caller, Caller | None]:
    """Each signed-in caller as they are now; None for one whose credential no longer holds. Four queries, however many."""
    known = {caller: caller.user_id for caller in callers if caller.user_id is not None}
    users = User.objects.in_bulk(set(known.values()))
    keys = {each for caller in known if (each := caller.credential.api_key_id) is not None}
    live_keys = dict(ApiKey.objects.filter(pk__in=keys, revoked_at=None).values_list("pk", "expires_at"))
    sessions = {caller.credential.session_key for caller in known} - {None}
    model = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    live_sessions = set(
        model.objects.filter(session_key__in=sessions, expire_date__gt=now).values_list("session_key", flat=True)
    )
    roles: dict[UUID, dict[UUID, str]] = {}
    for user_id, organization_id, role in Membership.objects.filter(
        user__in=users, organization__is_active=True
    ).values_list("user_id", "organization_id", "role"):
        roles.setdefault(user_id, {})[organization_id] = role

    def current(caller: Caller, user: User | None) -> Caller | None:
        credential = caller.credential
        ended = (
            user is None
            or not user.is_active
            or (credential.password is not None and credential.password != user.password)
            or (credential.expires_at is not None and credential.expires_at <= now)
            or (credential.session_key is not None and credential.session_key not in live_sessions)
            or (credential.api_key_id is not None and credential.api_key_id not in live_keys)
        )
        if ended or user is None:
            return None
        if credential.api_key_id is not None:
            expires_at = live_keys[credential.api_key_id]
            if expires_at is not None and expires_at <= now:
                return None
        held = Access({}, everything=True) if user.is_superuser else Access(roles.get(user.pk, {}))
        return replace(caller, user=user, access=held)

    return {caller: current(caller, users.get(user_id)) for caller, user_id in known.items()}


def lost_something(before: Access, after: Access) -> bool:
    """Whether a role or a membership was taken away or exchanged for another."""
    if before.everything:
        return not after.everything
    return not after.everything and any(after.roles.get(each) != role for each, role in before.roles.items())

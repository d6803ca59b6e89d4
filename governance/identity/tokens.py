"""JSON web tokens: a short-lived access token, and a refresh token that works once.

Access tokens live ten minutes and are not looked up; what ends them sooner is the user being deactivated or the password
being changed (both checked on every request, with the user's row that is read anyway). A refresh token is revoked by being
used or given back: `RevokedToken` keeps its random id until it would have expired. The framework's own blacklist is not
used because it stores the tokens themselves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from governance.identity.models import RevokedToken, User
from opinion_market.api.errors import InvalidCredentials


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Both tokens as text, and the seconds the access token lives."""

    access: str
    refresh: str
    expires_in_s: int


def issue_tokens(*, username: str, password: str, request: HttpRequest) -> TokenPair:
    """Tokens for a user name and password. Raises InvalidCredentials without telling which of the two was wrong."""
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials("User name and password do not match an active user.")
    return _pair(user)


@transaction.atomic
def refresh_tokens(*, refresh: str) -> TokenPair:
    """New tokens for a refresh token, which is used up. Raises InvalidCredentials; of two uses at once, one succeeds."""
    token = _read(refresh)
    try:
        user = JWTAuthentication().get_user(token)
    except AuthenticationFailed:
        raise InvalidCredentials from None
    if not _revoke(token) or not isinstance(user, User):
        raise InvalidCredentials("This refresh token has been used or given back.")
    return _pair(user)


def revoke_refresh_token(*, refresh: str) -> None:
    """Give a refresh token back. Repeating it changes nothing. Raises InvalidCredentials for what is no token of ours."""
    _revoke(_read(refresh))


def purge_expired(*, now: datetime) -> int:
    """Forget revoked tokens that have expired by themselves; returns how many."""
    return RevokedToken.objects.filter(expires_at__lt=now).delete()[0]


def _pair(user: User) -> TokenPair:
    token = RefreshToken.for_user(user)
    access = token.access_token
    return TokenPair(str(access), str(token), int(access["exp"]) - int(access["iat"]))


def _read(text: str) -> RefreshToken:
    try:
        return RefreshToken(text)  # type: ignore[arg-type]
    except TokenError:
        raise InvalidCredentials("This is not a valid refresh token.") from None


def _revoke(token: RefreshToken) -> bool:
    """Whether it was this call that revoked the token."""
    expires_at = datetime.fromtimestamp(token["exp"], UTC)
    _, created = RevokedToken.objects.get_or_create(jti=token["jti"], defaults={"expires_at": expires_at})
    return created

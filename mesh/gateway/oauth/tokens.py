"""Access tokens of this platform's OAuth 2: JSON web tokens signed with its own key, also kept for introspection.

A token is checked in one of two ways: by its signature (a route with a JWT provider of our own; nothing is asked, so it
lives until it expires), or by looking it up (a route with an OAuth 2 provider; a revoked one is refused at once).
"""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from oauth2_provider.models import AccessToken

from mesh.gateway.signing import TOKEN_LIFETIME, active_key, new_key, sign
from opinion_market.kernel import clock
from opinion_market.kernel.ids import uuid7_text

AUDIENCE = "opinion-market"


def signed_token(request: Any, refresh_token: bool = False) -> str:
    """What django-oauth-toolkit calls for a new access token; `request` is oauthlib's. Makes the first key if there is none."""
    now = clock.now()
    key = active_key()
    if key is None:
        key = new_key("EdDSA", now=now)
        key.save(force_insert=True)
    issued_s = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": settings.PUBLIC_URL,
        "aud": AUDIENCE,
        "iat": issued_s,
        "exp": issued_s + int(TOKEN_LIFETIME.total_seconds()),
        "jti": uuid7_text(),
        "scope": " ".join(request.scopes or ()),
        "client_id": request.client.client_id if request.client else "",
    }
    user_id = getattr(request.user, "pk", None)
    if user_id is not None:
        claims["sub"] = str(user_id)
    return sign(claims, key)


def live_token(text: str, *, now: datetime) -> AccessToken | None:
    """The access token with this text, of an active user; None if it is unknown, expired or revoked. One query."""
    checksum = hashlib.sha256(text.encode()).hexdigest()
    live = AccessToken.objects.filter(token_checksum=checksum, expires__gt=now, user__is_active=True)
    found: AccessToken | None = live.only("user_id", "scope").first()
    return found

"""Against guessing passwords: attempts are counted per address and per user name, in Redis."""

import hashlib

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from opinion_market.api.errors import NotReady


class _AttemptThrottle(SimpleRateThrottle):
    """Fails closed: while attempts cannot be counted, none is admitted (503)."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            raise NotReady("Signing in is not possible at the moment.", failed=["redis"]) from None


class TokenAddressThrottle(_AttemptThrottle):
    """One address trying many names."""

    scope = "token_address"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class TokenUsernameThrottle(_AttemptThrottle):
    """Many addresses trying one name. The cache holds a digest, not the name."""

    scope = "token_username"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        username = request.data.get("username") if isinstance(request.data, dict) else None
        if not isinstance(username, str):
            return None
        digest = hashlib.sha256(username.strip().lower().encode()).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": digest}

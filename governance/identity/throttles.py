"""Against guessing passwords: attempts are counted per address and per user name, in Redis."""

import hashlib
from contextlib import suppress
from math import ceil

from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from opinion_market.api.errors import NotReady, TooManyRequests


class _AttemptThrottle(SimpleRateThrottle):
    """Fails closed: while attempts cannot be counted, none is admitted (503)."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            raise NotReady("Signing in is not possible at the moment.", failed=["redis"]) from None

    def key_of(self, ident: str) -> str:
        """The cache key under which the attempts of an address or a name are counted."""
        return self.cache_format % {"scope": self.scope, "ident": ident}


class TokenAddressThrottle(_AttemptThrottle):
    """One address trying many names."""

    scope = "token_address"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.key_of(self.get_ident(request))


class TokenUsernameThrottle(_AttemptThrottle):
    """Many addresses trying one name. The cache holds a digest, not the name."""

    scope = "token_username"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        username = request.data.get("username") if isinstance(request.data, dict) else None
        if not isinstance(username, str):
            return None
        return self.key_of(_digest(username))


class _FormThrottle(_AttemptThrottle):
    """Counts the attempts of one address or name at the console's form: apart from those for tokens, as strictly."""

    cache_format = "throttle_form_%(scope)s_%(ident)s"

    def __init__(self, scope: str, ident: str) -> None:
        self.scope = scope
        super().__init__()
        self._key = self.key_of(ident)
        _, self._window_s = self.parse_rate(self.rate)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self._key

    def take_back(self) -> None:
        """Forget the attempt just admitted; the others stay, also those counted since."""
        history = self.cache.get(self._key, [])
        if self.now in history:
            history.remove(self.now)
            self.cache.set(self._key, history, self._window_s)


class FormAttempt:
    """One attempt to sign in with a form. It is counted before the password is looked at, so that guesses made at the same
    time count too, and taken back if the password was right: only failures add up.
    """

    def __init__(self, *, request: HttpRequest, username: str) -> None:
        """Raises TooManyRequests (`data.wait_s`: seconds until the next attempt), NotReady. `username` is normalized."""
        asked = Request(request)
        address = TokenAddressThrottle()
        self._throttles = (
            _FormThrottle(address.scope, address.get_ident(asked)),
            _FormThrottle(TokenUsernameThrottle.scope, _digest(username)),
        )
        # Each is asked, as for tokens: guesses at a name that is shut count for their address all the same.
        refused = [each for each in self._throttles if not each.allow_request(asked, APIView())]
        if refused:
            raise TooManyRequests(wait_s=max(1, *(ceil(each.wait() or 1) for each in refused)))

    def succeeded(self) -> None:
        """Take the attempt back."""
        # Whoever knows the password is let in; an attempt that cannot be taken back now expires with its minute.
        with suppress(RedisError):
            for each in self._throttles:
                each.take_back()


def _digest(username: str) -> str:
    return hashlib.sha256(username.strip().lower().encode()).hexdigest()

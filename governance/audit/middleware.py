"""Remembers the request at hand, so that audit entries name who acted and from where.

auditlog's own middleware looks at the user before REST framework has authenticated API keys and tokens, and connects and
disconnects a signal on every request; this only sets a context variable, read when an entry is really written.
"""

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)


def current_request() -> HttpRequest | None:
    """The request being served, if any."""
    return _request.get()


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)

"""What every page shares: its frame, its theme, and the headers that keep strangers' scripts out."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from governance.identity.models import User

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
# Nothing is loaded from elsewhere and nothing inline runs: text that slipped through the escaping would stay text.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
Rest = ParamSpec("Rest")


def page(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A page in the frame."""
    return protected(render(request, template, {**frame(request), **context}, status=status))


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame's template needs. `theme` is empty unless the reader chose one."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": theme if theme in THEMES else "", "sign_up_open": settings.SIGN_UP}


def protected(response: HttpResponse) -> HttpResponse:
    """The response with the headers that every page has."""
    response["Content-Security-Policy"] = _POLICY
    response["Cache-Control"] = "private, no-cache"
    return response


def reader(request: HttpRequest) -> User | None:
    """Whoever is signed in."""
    return request.user if isinstance(request.user, User) else None


def signed_in(
    view: Callable[Concatenate[HttpRequest, Rest], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]:
    """Sends strangers to sign in first, and back afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if reader(request) is None:
            return redirect(f"{reverse('pages:sign_in')}?{urlencode({'next': request.get_full_path()})}")
        return view(request, *args, **kwargs)

    return guarded

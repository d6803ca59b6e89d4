"""One's own API keys and preferences. What they show and change goes over the REST API."""

from django.http import HttpRequest, HttpResponse

from opinion_market.pages.frame import page, signed_in


@signed_in
def api_keys(request: HttpRequest) -> HttpResponse:
    """Keys for programs: make, see, revoke."""
    return page(request, "pages/keys.html", {})


@signed_in
def preferences(request: HttpRequest) -> HttpResponse:
    """How one appears on leaderboards, the theme, and the way to the password and the keys."""
    return page(request, "pages/preferences.html", {})

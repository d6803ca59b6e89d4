"""What staff read when a page of the console is not for them."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from opinion_market.api import fallback
from opinion_market.console.site import site


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """A page within the console; everywhere else the answer is the API's. The cause is not told."""
    if not request.path.startswith(reverse("admin:index")):
        return fallback.permission_denied(request, exception)
    context = {**site.each_context(request), "title": "Not permitted"}
    return render(request, "console/not_permitted.html", context, status=403)

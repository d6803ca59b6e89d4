"""One spelling for every address of the API, and none that PostgreSQL cannot hold."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from opinion_market.api.errors import MalformedRequest
from opinion_market.api.problems import Problem, problem_response

_OURS = ("/api/", "/docs/", "/health/", "/ready/", "/info/")


class PlainPathMiddleware:
    """Serves `/api/v1/markets/` as `/api/v1/markets` without a redirect (which would lose a POST's body).

    Refuses NUL characters in path and query, which PostgreSQL's text cannot hold and no identifier here contains.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return problem_response(Problem(MalformedRequest("The address holds a NUL character.")), request)
        if request.path_info.endswith("/") and request.path_info.startswith(_OURS):
            request.path_info = request.path_info.rstrip("/")
        return self.get_response(request)

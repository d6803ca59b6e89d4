"""Django's last resorts: problem details for programs, pages for people."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults

from opinion_market.api.errors import InternalError, MalformedRequest
from opinion_market.api.problems import Problem, problem_response
from opinion_market.kernel.errors import DomainError, NotFound, NotPermitted

PROGRAMS_ONLY = ("/api/", "/health", "/ready", "/info")


def _problem(request: HttpRequest, error: DomainError) -> HttpResponse | None:
    if request.path_info.startswith(PROGRAMS_ONLY):
        return problem_response(Problem(error), request)
    return None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _problem(request, MalformedRequest()) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _problem(request, NotPermitted()) or defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _problem(request, NotFound()) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Says nothing of the cause: Django has logged it under the correlation id by now."""
    return _problem(request, InternalError()) or defaults.server_error(request)

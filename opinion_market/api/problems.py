"""Everything that goes wrong, as RFC 9457 problem details (`application/problem+json`).

One document shape for all failures: `type`, `title`, `status`, `detail`, `code`, `instance`, `correlation_id`, plus `data`
(figures a client can act on) or `errors` (one entry per field of the input that was refused).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request

from opinion_market.api.errors import (
    BodyTooLarge,
    InvalidCredentials,
    MalformedRequest,
    MethodNotAllowed,
    NotAuthenticated,
    TooManyRequests,
    UnsupportedMediaType,
)
from opinion_market.api.json import dump
from opinion_market.kernel.correlation import correlation_id
from opinion_market.kernel.errors import DomainError, InvalidInput, NotFound, NotPermitted

MEDIA_TYPE = "application/problem+json"
CODES_PAGE = "/docs/problems"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure ready to be answered: the error, the fields that were refused, and headers that go with it."""

    error: DomainError
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)


def field_errors(detail: object, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten the framework's nested validation errors into `{field, code, message}`, with paths such as `orders.3.price`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from field_errors(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from field_errors(inner, ".".join(filter(None, (path, str(index)))) if nested else path)
    else:
        yield {"field": path, "code": str(getattr(detail, "code", "invalid")), "message": str(detail)}


_SAME_MEANING: dict[type[Exception], type[DomainError]] = {
    Http404: NotFound,
    exceptions.NotFound: NotFound,
    DjangoPermissionDenied: NotPermitted,
    exceptions.PermissionDenied: NotPermitted,
    exceptions.NotAuthenticated: NotAuthenticated,
    exceptions.AuthenticationFailed: InvalidCredentials,
    exceptions.UnsupportedMediaType: UnsupportedMediaType,
    RequestDataTooBig: BodyTooLarge,
    UnreadablePostError: MalformedRequest,
    SuspiciousOperation: MalformedRequest,
}

ANTICIPATED: tuple[type[Exception], ...] = (DomainError, exceptions.APIException, *_SAME_MEANING)


def problem_of(raised: Exception) -> Problem | None:
    """The problem an exception stands for; None if it was not anticipated."""
    match raised:
        case DomainError():
            problem = Problem(raised, headers=_headers(raised))
        case exceptions.ValidationError():
            problem = Problem(InvalidInput("Some fields are not acceptable."), errors=list(field_errors(raised.detail)))
        case exceptions.ParseError():
            problem = Problem(MalformedRequest(str(raised.detail)))
        case exceptions.MethodNotAllowed():
            problem = Problem(MethodNotAllowed(str(raised.detail)))
        case exceptions.Throttled():
            wait_s = max(1, ceil(getattr(raised, "wait", None) or 1))
            problem = Problem(TooManyRequests(wait_s=wait_s), headers={"Retry-After": str(wait_s)})
        case _:
            same = next((error for kind, error in _SAME_MEANING.items() if isinstance(raised, kind)), None)
            return problem_of(same()) if same else None
    return problem


def _headers(error: DomainError) -> Mapping[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    if isinstance(error, TooManyRequests) and "wait_s" in error.data:
        return {"Retry-After": str(error.data["wait_s"])}
    return {}


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The HTTP answer that tells the problem."""
    error = problem.error
    document: dict[str, object] = {
        "type": f"{CODES_PAGE}#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "instance": request.path,
        "correlation_id": correlation_id(),
    }
    if error.data:
        document["data"] = error.data
    if problem.errors:
        document["errors"] = problem.errors
    return HttpResponse(dump(document), status=error.status, content_type=MEDIA_TYPE, headers=problem.headers)


def exception_handler(raised: Exception, context: Mapping[str, object]) -> HttpResponse | None:
    """REST framework's hook. None lets the exception rise to Django, which logs it and calls `handler500`."""
    problem = problem_of(raised)
    request = context["request"]
    if problem is None or not isinstance(request, Request):
        return None
    response = problem_response(problem, request._request)
    if isinstance(raised, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(getattr(context["view"], "allowed_methods", []))
    return response

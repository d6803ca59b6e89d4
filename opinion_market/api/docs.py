"""`/docs`: the interactive documentation, served from this machine alone, and the list of all problem codes."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from opinion_market.kernel.errors import DomainError

# Swagger UI sets style attributes and inlines its icons; scripts come from our own static files only.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class SwaggerView(SpectacularSwaggerSplitView):
    url_name = "schema"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document."""


def all_errors(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every kind of anticipated failure in the running code."""
    for error in root.__subclasses__():
        yield error
        yield from all_errors(error)


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """All problem codes; `type` in an answer points to its entry here."""
    by_code = {error.code: error for error in all_errors()}
    entries = [
        {
            "code": code,
            "status": error.status,
            "title": error.title,
            "description": cleandoc(error.__dict__.get("__doc__") or ""),
        }
        for code, error in sorted(by_code.items())
    ]
    response = render(request, "api/problems.html", {"entries": entries})
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response

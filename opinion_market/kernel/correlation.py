"""One id that follows a request through log lines, events and answers.

A caller may send `X-Correlation-ID`; otherwise it is the front door's `X-Request-ID`, and without that one is made. It is
echoed in the answer, stands on every log line (through `CorrelationFilter`) and in the metadata of every event appended meanwhile.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from opinion_market.kernel.ids import uuid7_text

HEADER = "X-Correlation-ID"
# What Envoy gives each request; a client's own never gets past the front door.
TRACE_HEADER = "X-Request-ID"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_current: ContextVar[str] = ContextVar("correlation_id", default="-")


def correlation_id() -> str:
    """The id of the work at hand, `-` outside of any request or task."""
    return _current.get()


def set_correlation_id(value: str) -> None:
    """Start work under this id; for the edges that are not HTTP requests (commands, tasks)."""
    _current.set(value)


class CorrelationMiddleware:
    """Give each request its id. An id a client sent is used only if it is short and plain, so logs cannot be forged."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER) or request.headers.get(TRACE_HEADER, "")
        value = sent if _ACCEPTABLE.fullmatch(sent) else uuid7_text()
        token = _current.set(value)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response[HEADER] = value
        return response


class CorrelationFilter(logging.Filter):
    """Puts the current id on each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = _current.get()
        return True

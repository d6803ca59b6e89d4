"""`Idempotency-Key` for ordinary POST endpoints.

The exchange's own commands keep their answers in the sequencer's transaction; this is for all the others. Answers that
hold secrets (a new API key) must not be stored: leave those endpoints undecorated.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opinion_market.api.errors import TooManyRequests
from opinion_market.api.json import JsonRenderer, dump
from opinion_market.api.problems import ANTICIPATED, MEDIA_TYPE, problem_of, problem_response
from opinion_market.kernel import clock
from opinion_market.kernel.idempotency import Answer, check_key, find_answer, lock, remember, request_hash

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_MARK = "heeds_idempotency_key"

View = TypeVar("View", bound="IdempotentMixin")
P = ParamSpec("P")


def http_answer(answer: Answer, *, replayed: bool) -> HttpResponse:
    """The stored bytes, with the media type that goes with the status."""
    media_type = MEDIA_TYPE if answer.status >= 400 else JsonRenderer.media_type
    response = HttpResponse(answer.body.encode(), status=answer.status, content_type=media_type)
    if replayed:
        response[REPLAYED] = "true"
    return response


def heeds_key(handler: object) -> bool:
    """Whether the documentation is to show the header for this handler."""
    return bool(getattr(handler, _MARK, False))


Handler = TypeVar("Handler", bound=Callable[..., object])


def documents_key(handler: Handler) -> Handler:
    """Mark a handler that heeds the key by itself, as those do whose command goes to the exchange's sequencer."""
    setattr(handler, _MARK, True)
    return handler


class IdempotentMixin(APIView):
    """A view some of whose handlers are `@idempotent`."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Django keeps the bytes only if they are asked for before a parser reads the stream.
        _ = request.body
        return super().initialize_request(request, *args, **kwargs)


def idempotent(
    handler: Callable[Concatenate[View, Request, P], Response],
) -> Callable[Concatenate[View, Request, P], HttpResponse]:
    """Carry out the handler once per `Idempotency-Key`; without the header, as usual.

    The handler's effect and its answer commit together. Concurrent repetitions wait for the first. An anticipated
    failure (4xx) is an answer too: it is kept and repeated, while what the handler wrote is rolled back; any other
    exception leaves nothing behind, and the key may be tried again. Raises InvalidIdempotencyKey, IdempotencyKeyReused.
    """

    @wraps(handler)
    def once(view: View, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        sent = request.headers.get(HEADER)
        if sent is None:
            return handler(view, request, *args, **kwargs)
        key, caller = check_key(sent), UUID(str(request.user.pk))
        asked = request_hash(str(request.method), request._request.path_info, request._request.body)
        with transaction.atomic():
            lock(caller, key)
            answer = find_answer(caller, key, asked)
            if answer is not None:
                return http_answer(answer, replayed=True)
            answer = _carry_out(lambda: handler(view, request, *args, **kwargs), request)
            remember(caller=caller, key=key, request_hash=asked, answer=answer, now=clock.now())
        return http_answer(answer, replayed=False)

    return documents_key(once)


def _carry_out(handler: Callable[[], Response], request: Request) -> Answer:
    """The handler's answer; its writes are undone if it fails in an anticipated way."""
    try:
        with transaction.atomic():
            response = handler()
    except ANTICIPATED as raised:
        problem = problem_of(raised)
        # Asked too often is no answer to keep: the caller is told to come again with the same key.
        if problem is None or problem.error.status >= 500 or isinstance(problem.error, TooManyRequests):
            raise
        return Answer(problem.error.status, problem_response(problem, request._request).content.decode())
    return Answer(response.status_code, "" if response.data is None else dump(response.data).decode())

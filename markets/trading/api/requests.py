"""Between HTTP and the sequencer: the caller's idempotency key, and an outcome as an answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from markets.trading.claims import claim, complete
from markets.trading.commands import IdempotencyKey, Outcome
from opinion_market.api.idempotency import HEADER, REPLAYED, http_answer
from opinion_market.api.json import JsonRenderer, dump
from opinion_market.api.problems import Problem, problem_of, problem_response
from opinion_market.kernel.idempotency import Answer, check_key, request_hash

# Longer ones are somebody's own search, hardly sent twice.
LONGEST_KEPT_QUERY = 300


def valid(kind: type[Serializer[Any]], values: Any) -> dict[str, Any]:
    """What the serializer makes of the values. Raises ValidationError."""
    serializer = kind(data=values)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


def query_of(kind: type[Serializer[Any]], request: Request) -> Mapping[str, Any]:
    """What the serializer makes of the request's query; worked out once per text. Raises ValidationError."""
    text = request._request.META.get("QUERY_STRING", "")
    if len(text) > LONGEST_KEPT_QUERY or not text.isascii():
        return valid(kind, request.query_params)
    return _query_of(kind, text)


@lru_cache(maxsize=2_048)
def _query_of(kind: type[Serializer[Any]], text: str) -> Mapping[str, Any]:
    return MappingProxyType(valid(kind, QueryDict(text)))


def command_key(request: Request) -> IdempotencyKey | None:
    """The request's `Idempotency-Key` for the sequencer, which keeps the answer in its own transaction.

    The view must have asked for the body's bytes before they were parsed (`IdempotentMixin`). Raises InvalidIdempotencyKey.
    """
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    asked = request_hash(str(request.method), request._request.path_info, request._request.body)
    return IdempotencyKey(UUID(str(request.user.pk)), check_key(sent), asked)


def answer(outcome: Outcome, request: Request) -> HttpResponse:
    """The sequencer's reply or refusal over HTTP, marked if it is a repetition."""
    if outcome.error is not None:
        response = problem_response(problem_of(outcome.error) or Problem(outcome.error), _plain(request))
    else:
        response = json_response(outcome.reply, status=outcome.status)
    if outcome.replayed:
        response[REPLAYED] = "true"
    return response


def answer_once(key: IdempotencyKey | None, carry_out: Callable[[], object], *, now: datetime) -> HttpResponse:
    """The answer to what takes several transactions, kept as a whole under the key (see `trading.claims`)."""
    if key is None:
        return json_response(carry_out())
    if (kept := claim(key, now=now)) is not None:
        return http_answer(kept, replayed=True)
    return http_answer(complete(key, Answer(200, dump(carry_out()).decode())), replayed=False)


def json_response(body: object, *, status: int = 200) -> HttpResponse:
    """A JSON answer without REST framework's rendering, which the hot path does not need."""
    return HttpResponse(dump(body), status=status, content_type=JsonRenderer.media_type)


def _plain(request: Request) -> HttpRequest:
    return request._request

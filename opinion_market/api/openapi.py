"""What endpoints say of themselves in the OpenAPI document: how each fails, and who may read it."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from opinion_market.api.errors import NotAuthenticated
from opinion_market.api.problems import MEDIA_TYPE
from opinion_market.kernel.errors import DomainError, InvalidInput, NotPermitted

Responses = dict[Any, Any]

# Credentials are heeded but not needed: an empty requirement stands beside the schemes.
PUBLIC_AUTH: list[Any] = [{}, {"apiKey": []}, {"bearer": []}, {"session": []}]

# Of an answer that is kept (`opinion_market.api.representations`).
TAGGED = [
    OpenApiParameter("If-None-Match", str, "header", description="`ETag`s you hold; if one still holds, 304 tells so."),
    OpenApiParameter("ETag", str, "header", response=[200, 304], description="Names what the answer says."),
]
NOT_MODIFIED: Responses = {304: OpenApiResponse(description="What you hold still holds.")}


def failing(answers: Responses, *errors: type[DomainError]) -> Responses:
    """The endpoint's answers, and one problem answer per status that lists the codes to expect there.

    Codes that any endpoint may answer (`not_authenticated`, `invalid_input`, `not_permitted`) need not be named.
    """
    by_status: dict[int, list[type[DomainError]]] = {}
    expected: tuple[type[DomainError], ...] = (*errors, NotAuthenticated, InvalidInput, NotPermitted)
    for error in expected:
        by_status.setdefault(error.status, []).append(error)
    documented: Responses = dict(answers)
    for status, kinds in sorted(by_status.items()):
        documented[(status, MEDIA_TYPE)] = OpenApiResponse(
            response={"$ref": "#/components/schemas/Problem"},
            description="\n".join(f"- `{kind.code}`: {kind.title}" for kind in kinds),
            examples=list(_examples(kinds)),
        )
    return documented


def _examples(kinds: Iterable[type[DomainError]]) -> Iterable[OpenApiExample]:
    for kind in kinds:
        yield OpenApiExample(
            kind.code,
            value={
                "type": f"/docs/problems#{kind.code}",
                "title": kind.title,
                "status": kind.status,
                "detail": kind.title,
                "code": kind.code,
                "instance": "/api/v1/…",
                "correlation_id": "019ff2c4-6b1e-7b6a-9a54-3d1f0c9e2a11",
            },
            response_only=True,
            status_codes=[str(kind.status)],
            media_type=MEDIA_TYPE,
        )

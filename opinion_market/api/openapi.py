"""What endpoints say of themselves in the OpenAPI document: how each fails, and who may read it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from opinion_market.api.documented import Responses, failing

__all__ = ["NOT_MODIFIED", "PUBLIC_AUTH", "TAGGED", "Responses", "failing"]

# Credentials are heeded but not needed: an empty requirement stands beside the schemes.
PUBLIC_AUTH: list[Any] = [{}, {"apiKey": []}, {"bearer": []}, {"session": []}]

# Of an answer that is kept (`opinion_market.api.representations`).
TAGGED = [
    OpenApiParameter("If-None-Match", str, "header", description="`ETag`s you hold; if one still holds, 304 tells so."),
    OpenApiParameter("ETag", str, "header", response=[200, 304], description="Names what the answer says."),
]
NOT_MODIFIED: Responses = {304: OpenApiResponse(description="What you hold still holds.")}
